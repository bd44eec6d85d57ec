"""What the compiled engine measures against the reference, at any parameters of any network."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perbatch.backprop import Network, generators
from perbatch.backprop.engines import ENGINES, Evaluator
from perbatch.backprop.examples import encode
from perbatch.backprop.mode import UpdateMode, update_mode
from random_networks import data, networks


def evaluators(
    network: Network,
    theta: np.ndarray,
    examples: int,
    mode: UpdateMode,
    held_out: int = 0,
    labels: bool = True,
) -> tuple[Evaluator, Evaluator]:
    train = encode(network, *data(network, examples, labels=labels))
    others = encode(network, *data(network, held_out, labels=labels)) if held_out else None
    reference, compiled = (
        ENGINES[name](network, theta, train, mode).evaluator(others) for name in ("numpy", "compiled")
    )
    return reference, compiled


@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(networks(), st.integers(1, 600), st.integers(0, 300), st.booleans(), st.data())
def test_measures_what_the_reference_does(
    network: Network, examples: int, held_out: int, labels: bool, draw: Any
) -> None:
    upcoming = np.random.default_rng(0).permutation(examples)[: draw.draw(st.integers(0, examples))]
    tolerance = draw.draw(st.sampled_from([None, 0.0, 0.7, 2.0]))
    mode = update_mode(examples, max(1, len(upcoming)), 0.1, 1, tolerance, None)
    theta = network.init(generators(examples)[0]) * 2
    reference, compiled = evaluators(network, theta, examples, mode, held_out, labels)
    expected, measured = reference.measure(upcoming), compiled.measure(upcoming)
    assert list(measured) == list(expected)
    for key, value in expected.items():
        # A variance is a difference of sums, and a change one of losses.
        np.testing.assert_allclose(measured[key], value, rtol=1e-9, atol=1e-11, err_msg=key)
    np.testing.assert_allclose(compiled.losses, reference.losses, rtol=1e-9, atol=1e-12)


def test_measures_in_single_precision() -> None:
    network = Network((64, 32, 10), dtype="float32")
    mode = update_mode(500, 32, 0.1, 1, None, None)
    reference, compiled = evaluators(network, network.init(generators(0)[0]), 500, mode, 100)
    expected, measured = (each.measure(np.arange(32)) for each in (reference, compiled))
    np.testing.assert_allclose(list(measured.values()), list(expected.values()), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error"])
def test_parameters_that_are_not_finite_have_no_loss(loss: str) -> None:
    network = Network((4, 5, 3), loss=loss)
    mode = update_mode(20, 5, 0.1, 1, None, None)
    theta = np.full(network.n_parameters, np.nan)
    reference, compiled = evaluators(network, theta, 20, mode, 7)
    expected, measured = (each.measure(np.arange(5)) for each in (reference, compiled))
    assert np.isnan(measured["train_loss"]) and np.isnan(measured["validation_loss"])
    assert measured["train_accuracy"] == expected["train_accuracy"]


def test_measuring_changes_neither_theta_nor_what_is_measured_next() -> None:
    network = Network((6, 5, 3))
    theta = network.init(generators(0)[0])
    before = theta.copy()
    _, compiled = evaluators(network, theta, 300, update_mode(300, 7, 0.5, 1, None, None), 10)
    first = compiled.measure(np.arange(7))
    compiled.measure(np.arange(300))
    assert compiled.measure(np.arange(7)) == first
    np.testing.assert_array_equal(theta, before)


def test_a_loss_that_the_engine_does_not_know_is_an_error() -> None:
    """Added to the names and nowhere else, it must not be taken for another one."""
    from perbatch.backprop.compiled.evaluation import RESULTS, Trial, evaluate
    from perbatch.backprop.compiled.workspace import workspace

    network = Network((2, 3, 1), loss="squared_error")
    examples = encode(network, *data(network, 4, labels=False))
    work = workspace(network, network.init(generators(0)[0]), examples, 4, accumulates=True)
    unknown = work._replace(loss=9)
    with pytest.raises(NotImplementedError):
        evaluate(
            unknown, unknown, unknown, Trial(0.1, False, 0.0), np.arange(4), np.ones(4),
            np.empty(4), np.empty(0), np.zeros(RESULTS),
        )  # fmt: skip
