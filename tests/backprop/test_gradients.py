from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from perbatch.backprop import Network, check_gradient

LOSSES = [("cross_entropy", "linear"), ("squared_error", "linear"), ("squared_error", "sigmoid")]


@pytest.mark.parametrize("hidden", [(), (5,), (5, 4), (5, 4, 6)])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("loss", "output"), LOSSES)
@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "identity"])
def test_gradient_is_the_slope_of_the_loss(
    problem: Callable[..., Any], activation: str, loss: str, output: str, bias: bool, hidden: tuple[int, ...]
) -> None:
    network, theta, X, y = problem(
        7, (4, *hidden, 3), activation=activation, loss=loss, output=output, bias=bias
    )
    rng = np.random.default_rng(1)
    theta = theta + 0.1 * rng.normal(size=theta.shape)  # biases away from zero
    for _ in range(3):
        analytic, numeric = check_gradient(network, theta, X, y, rng)
        assert abs(analytic) > 1e-6
        assert analytic == pytest.approx(numeric, rel=1e-5, abs=1e-10)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize(("loss", "output"), LOSSES)
def test_each_example_has_its_own_gradient_and_their_mean_is_the_batchs(
    problem: Callable[..., Any], activation: str, loss: str, output: str, bias: bool
) -> None:
    network, theta, X, y = problem(
        9, (4, 5, 6, 3), activation=activation, loss=loss, output=output, bias=bias
    )
    each = network.per_example_gradients(theta, X, y)
    assert each.shape == (9, network.n_parameters)
    np.testing.assert_allclose(each.mean(axis=0), network.gradient(theta, X, y), rtol=1e-12, atol=1e-15)
    for i in range(9):
        alone = network.gradient(theta, X[i : i + 1], y[i : i + 1])
        np.testing.assert_allclose(each[i], alone, rtol=1e-12, atol=1e-15)


def test_one_output_regression_in_both_shapes_of_y(problem: Callable[..., Any]) -> None:
    network, theta, X, y = problem(6, (4, 3, 1), loss="squared_error", activation="tanh")
    analytic, numeric = check_gradient(network, theta, X, y[:, 0], np.random.default_rng(0))
    assert analytic == pytest.approx(numeric, rel=1e-6)
    np.testing.assert_array_equal(network.gradient(theta, X, y), network.gradient(theta, X, y[:, 0]))


def test_float32_gradient_against_the_float64_slope(problem: Callable[..., Any]) -> None:
    network, theta, X, y = problem(6, activation="tanh", dtype="float32")
    analytic, numeric = check_gradient(network, theta, X, y, np.random.default_rng(0))
    assert analytic == pytest.approx(numeric, rel=1e-4)


def test_a_network_computed_by_hand() -> None:
    """2-2-1, relu, squared error: x = (1, 2), y = 1."""
    network = Network((2, 2, 1), activation="relu", loss="squared_error")
    #                  W1 (rows: inputs)     b1         W2          b2
    theta = np.array([1.0, -1.0, 0.5, 0.25, 0.0, -0.5, 2.0, -3.0, -1.5])
    X, y = np.array([[1.0, 2.0]]), np.array([1.0])
    # z = (1 + 1 + 0, -1 + 0.5 - 0.5) = (2, -1); h = (2, 0); f = 4 - 1.5 = 2.5; f - y = 1.5
    assert network.predict(theta, X).tolist() == [[2.5]]
    assert network.loss(theta, X, y) == 1.125
    # dW2 = h * 1.5 = (3, 0); db2 = 1.5; dz = (2 * 1.5, 0) = (3, 0); dW1 = x dz; db1 = dz
    assert network.gradient(theta, X, y).tolist() == [3.0, 0.0, 6.0, 0.0, 3.0, 0.0, 3.0, 0.0, 1.5]


def test_softmax_computed_by_hand() -> None:
    network = Network((1, 2), loss="cross_entropy", bias=False)
    theta, X, y = np.array([np.log(3.0), 0.0]), np.array([[1.0]]), np.array([0])  # probabilities 3/4 and 1/4
    assert network.loss(theta, X, y) == pytest.approx(np.log(4 / 3), rel=1e-14)
    np.testing.assert_allclose(network.gradient(theta, X, y), [-0.25, 0.25], rtol=1e-14)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_losses_and_gradient_stay_finite_for_huge_logits(dtype: str) -> None:
    network = Network((1, 3), bias=False, dtype=dtype)
    theta, X = np.array([1e4, 0.0, -1e4]), np.array([[1.0], [1.0], [-1.0]])
    y = np.array([0, 2, 0])
    np.testing.assert_allclose(network.losses(theta, X, y), [0.0, 2e4, 2e4], atol=1e-6)
    np.testing.assert_allclose(
        network.per_example_gradients(theta, X, y), [[0, 0, 0], [1, 0, -1], [1, 0, -1]], atol=1e-6
    )


def test_sigmoid_does_not_overflow() -> None:
    network = Network((1, 1), activation="sigmoid", loss="squared_error", output="sigmoid", bias=False)
    assert network.predict(np.array([1e4]), np.array([[-1.0], [0.0], [1.0]])).tolist() == [
        [0.0],
        [0.5],
        [1.0],
    ]
