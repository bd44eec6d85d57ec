"""When the gradient is applied: every mode against a plain replay, and small cases worked out by hand."""

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from perbatch.backprop import Network, Run, generators, train
from perbatch.backprop.examples import encode
from perbatch.backprop.mode import update_mode
from perbatch.backprop.numpy_engine import NumpyEngine


def replay(
    network: Network,
    theta: np.ndarray,
    X: Any,
    y: Any,
    *,
    batch_size: Any,
    learning_rate: float,
    epochs: int,
    seed: int,
    n: int = 1,
    tolerance: float | None = None,
) -> tuple[np.ndarray, int, int]:
    """The definition of all modes, on the public loss and gradient; returns theta, gradients and checks."""
    theta, gradients, checks = theta.copy(), 0, 0
    shuffling = generators(seed)[1]
    for _ in range(epochs):
        order = shuffling.permutation(len(X))
        for start in range(0, len(X), batch_size):
            batch = order[start : start + batch_size]
            for repeat in range(n + 1):
                if tolerance is not None and network.loss(theta, X[batch], y[batch]) <= tolerance:
                    checks += len(batch)
                    break
                if repeat == n:
                    checks += len(batch) if tolerance is not None else 0
                    break
                theta -= learning_rate * network.gradient(theta, X[batch], y[batch])
                gradients += len(batch)
    return theta, gradients, checks


@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error"])
@pytest.mark.parametrize("batch_size", [1, 3, 8, 19, 20])
def test_plain_modes_follow_one_order_of_examples(
    problem: Callable[..., Any], batch_size: Any, loss: str
) -> None:
    """20 examples: 3, 8 and 19 leave a short last batch. The replay draws its orders without a batch size."""
    network, theta, X, y = problem(20, loss=loss)
    settings: dict[str, Any] = {"batch_size": batch_size, "learning_rate": 0.1, "epochs": 3, "seed": 5}
    run = train(network, theta, X, y, **settings)
    expected, gradients, _ = replay(network, theta, X, y, **settings)
    np.testing.assert_allclose(run.theta, expected, rtol=1e-10, atol=1e-13)
    assert run.history["gradient_evaluations"][-1] == gradients == 60
    assert run.history["updates"][-1] == 3 * -(-20 // batch_size)
    assert run.history["forward_evaluations"][-1] == 0


@pytest.mark.parametrize("examples", [63, 64, 65, 131])
@pytest.mark.parametrize("batch_size", [1, 5, 64])
def test_blocks_of_gathered_examples_do_not_show(
    problem: Callable[..., Any], examples: int, batch_size: Any
) -> None:
    network, theta, X, y = problem(examples)
    settings: dict[str, Any] = {"batch_size": batch_size, "learning_rate": 0.05, "epochs": 2, "seed": 0}
    expected, _, _ = replay(network, theta, X, y, **settings)
    np.testing.assert_allclose(train(network, theta, X, y, **settings).theta, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("micro_batch_size", [None, 2])
@pytest.mark.parametrize("tolerance", [None, 0.9, 0.3])
@pytest.mark.parametrize("n", [1, 4])
@pytest.mark.parametrize("batch_size", [1, 3, 20])
def test_repeat_modes_are_their_definition(
    problem: Callable[..., Any],
    batch_size: Any,
    n: int,
    tolerance: float | None,
    micro_batch_size: int | None,
) -> None:
    network, theta, X, y = problem(20)
    settings: dict[str, Any] = {"batch_size": batch_size, "learning_rate": 0.2, "epochs": 4, "seed": 1}
    run = train(
        network,
        theta,
        X,
        y,
        **settings,
        updates_per_batch=n,
        tolerance=tolerance,
        micro_batch_size=micro_batch_size,
    )
    expected, gradients, checks = replay(network, theta, X, y, **settings, n=n, tolerance=tolerance)
    np.testing.assert_allclose(run.theta, expected, rtol=1e-9, atol=1e-12)
    if tolerance is not None and micro_batch_size is not None and batch_size > micro_batch_size:
        checks += gradients  # accumulation keeps no forward pass, so a check is never part of a gradient
    assert run.history["gradient_evaluations"][-1] == gradients
    assert run.history["forward_evaluations"][-1] == checks
    assert run.history["presentations"][-1] == 80


@pytest.mark.parametrize("batch_size", [1, 3, 20])
def test_repeat_of_one_without_tolerance_is_the_plain_update_to_the_bit(
    problem: Callable[..., Any], batch_size: Any
) -> None:
    network, theta, X, y = problem(20)
    settings: dict[str, Any] = {"batch_size": batch_size, "learning_rate": 0.1, "epochs": 3, "seed": 2}
    plain = train(network, theta, X, y, **settings)
    repeat = train(network, theta, X, y, **settings, updates_per_batch=1, tolerance=None)
    never = train(network, theta, X, y, **settings, updates_per_batch=1, tolerance=0.0)
    assert plain.theta.tobytes() == repeat.theta.tobytes() == never.theta.tobytes()


@pytest.mark.parametrize("micro_batch_size", [1, 3, 4, 7, 8, 100])
@pytest.mark.parametrize("batch_size", [8, 20, "full"])
def test_accumulation_makes_the_same_updates(
    problem: Callable[..., Any], batch_size: Any, micro_batch_size: int | None
) -> None:
    network, theta, X, y = problem(20)
    settings: dict[str, Any] = {"batch_size": batch_size, "learning_rate": 0.3, "epochs": 3, "seed": 0}
    plain = train(network, theta, X, y, **settings)
    accumulated = train(network, theta, X, y, **settings, micro_batch_size=micro_batch_size)
    np.testing.assert_allclose(accumulated.theta, plain.theta, rtol=1e-11, atol=1e-14)
    for count in ("updates", "gradient_evaluations", "forward_evaluations", "presentations"):
        np.testing.assert_array_equal(accumulated.history[count], plain.history[count])


def test_full_batch_on_duplicated_data_is_the_single_set(problem: Callable[..., Any]) -> None:
    network, theta, X, y = problem(12)
    settings: dict[str, Any] = {"batch_size": "full", "learning_rate": 0.5, "epochs": 5, "seed": 0}
    once = train(network, theta, X, y, **settings)
    for copies in (2, 5):
        many = train(network, theta, np.tile(X, (copies, 1)), np.tile(y, copies), **settings)
        np.testing.assert_allclose(many.theta, once.theta, rtol=1e-11, atol=1e-14)


def test_a_batch_larger_than_the_data_is_full_batch_to_the_bit(problem: Callable[..., Any]) -> None:
    network, theta, X, y = problem(12)
    runs = [
        train(network, theta, X, y, batch_size=size, learning_rate=0.5, epochs=3, seed=0)
        for size in ("full", 12, 1000)
    ]
    assert len({run.theta.tobytes() for run in runs}) == 1


def one_weight(y: Any, *, n: int, tolerance: float | None, **settings: Any) -> tuple[Run, dict[str, Any]]:
    """f(x) = w x on x = 1 from w = 0; at learning rate 1/2 each update halves the distance to the target."""
    network = Network((1, 1), loss="squared_error", bias=False)
    y = np.array(y)
    defaults = {"batch_size": 1, "learning_rate": 0.5, "epochs": 1, "seed": 0, "shuffle": False}
    settings = {**defaults, **settings, "updates_per_batch": n, "tolerance": tolerance}
    run = train(network, np.zeros(1), np.ones((len(y), 1)), y, **settings)
    return run, {key: values[-1] for key, values in run.history.items()}


@pytest.mark.parametrize(
    ("n", "tolerance", "weight", "updates", "gradients", "forwards", "left"),
    [
        (3, None, 0.875, 3, 3, 0, np.nan),
        (
            3,
            0.125,
            0.5,
            1,
            1,
            1,
            1.0,
        ),  # the losses are 1/2, 1/8, 1/32, 1/128: exactly the tolerance is enough
        (3, 0.124, 0.75, 2, 2, 1, 1.0),
        (3, 0.01, 0.875, 3, 3, 1, 1.0),  # satisfied by the last update allowed: the check after it says so
        (3, 0.001, 0.875, 3, 3, 1, 0.0),
        (3, 0.5, 0.0, 0, 0, 1, 1.0),  # satisfied already: skipped
        (1, 0.2, 0.5, 1, 1, 1, 1.0),
    ],
)
def test_one_example_repeated_by_hand(
    n: int, tolerance: float | None, weight: float, updates: int, gradients: int, forwards: int, left: float
) -> None:
    run, final = one_weight([1.0], n=n, tolerance=tolerance)
    assert run.theta.tolist() == [weight]
    assert (final["updates"], final["gradient_evaluations"], final["forward_evaluations"]) == (
        updates,
        gradients,
        forwards,
    )
    assert final["presentations"] == 1
    np.testing.assert_equal(final["satisfied_when_left"], left)


def test_what_is_learned_from_one_example_can_be_undone_by_the_next() -> None:
    _, final = one_weight([1.0, -1.0], n=10, tolerance=0.125)
    assert final["satisfied_when_left"] == 1.0
    assert final["still_satisfied"] == 0.5


def test_shares_are_of_the_examples_presented_so_far() -> None:
    run, _ = one_weight([1.0, 1.0, 9.0, 9.0], n=1, tolerance=0.125, schedule=[1, 2, 3, 4])
    np.testing.assert_array_equal(run.history["satisfied_when_left"], [np.nan, 1.0, 1.0, 2 / 3, 0.5])
    np.testing.assert_array_equal(run.history["still_satisfied"], [np.nan, 1.0, 1.0, 0.0, 0.0])


def test_a_batch_is_left_satisfied_by_its_mean_loss_and_counts_all_its_examples() -> None:
    """Targets 0 and 1 from w = 0: the mean loss is 1/4, and w = 1/4 after one update gives 5/32."""
    _, final = one_weight([0.0, 1.0, 1.0], batch_size=2, n=1, tolerance=0.2)
    # the first batch is left at 5/32; the short last one (target 1, w = 1/4) goes to w = 5/8, loss 9/128
    assert final["updates"] == 2 and final["gradient_evaluations"] == 3 and final["forward_evaluations"] == 3
    assert final["satisfied_when_left"] == 1.0
    assert final["still_satisfied"] == pytest.approx(1.0)  # 25/128, 9/128 and 9/128


def test_without_a_tolerance_nothing_is_said_of_satisfaction(problem: Callable[..., Any]) -> None:
    network, theta, X, y = problem()
    run = train(network, theta, X, y, batch_size=4, learning_rate=0.1, epochs=1, seed=0, updates_per_batch=2)
    assert np.isnan(run.history["satisfied_when_left"]).all()
    assert np.isnan(run.history["still_satisfied"]).all()


def peak_bytes(batch_size: Any, micro_batch_size: int | None, *, build: bool) -> int:
    network = Network((100, 200, 10))
    rng = np.random.default_rng(0)
    examples = encode(network, rng.normal(size=(512, 100)), rng.integers(0, 10, 512))
    theta, order = network.init(rng), np.arange(512)
    mode = update_mode(512, batch_size, 0.1, 1, None, micro_batch_size)
    engine = None if build else NumpyEngine(network, theta, examples, mode)
    if engine:
        engine.advance(order)
    tracemalloc.start()
    try:
        (engine or NumpyEngine(network, theta, examples, mode)).advance(order)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("batch_size", [1, 32, "full"])
def test_an_epoch_allocates_nothing_that_grows_with_theta_or_the_batch(batch_size: Any) -> None:
    """Theta has 177,680 bytes, a full batch's hidden layer 819,200; NumPy's own buffer is fixed, 65,536."""
    assert peak_bytes(batch_size, None, build=False) < 80_000


def test_accumulation_takes_less_memory() -> None:
    assert peak_bytes("full", 16, build=True) < 0.4 * peak_bytes("full", None, build=True)
