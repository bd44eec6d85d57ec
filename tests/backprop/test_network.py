import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from perbatch.backprop import Network


def test_parameters_are_counted_and_unpacked_as_views() -> None:
    network = Network((4, 5, 3))
    assert network.n_parameters == 4 * 5 + 5 + 5 * 3 + 3
    theta = np.arange(float(network.n_parameters))
    (W1, b1), (W2, b2) = network.unpack(theta)
    assert b1 is not None and b2 is not None
    assert W1.shape == (4, 5) and b1.shape == (5,) and W2.shape == (5, 3) and b2.shape == (3,)
    b2[:] = -1.0
    W1[0, 1] = -2.0
    assert theta[-3:].tolist() == [-1.0] * 3 and theta[1] == -2.0


def test_no_biases() -> None:
    network = Network((4, 5, 3), bias=False)
    assert network.n_parameters == 4 * 5 + 5 * 3
    assert all(b is None for _, b in network.unpack(np.zeros(35)))
    assert not network.predict(network.init(np.random.default_rng(0)), np.zeros((2, 4))).any()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("activation", "variance"), [("relu", 2 / 300), ("tanh", 2 / 500)])
def test_initialisation_has_the_right_scale_and_zero_biases(
    activation: str, variance: float, dtype: str
) -> None:
    network = Network((300, 200, 200, 3), activation=activation, dtype=dtype)
    theta = network.init(np.random.default_rng(0))
    W, b = network.unpack(theta)[0]
    assert theta.dtype == dtype
    assert np.var(W) == pytest.approx(variance, rel=0.03)
    assert b is not None and not b.any()


def test_initialisation_depends_on_the_generator_alone() -> None:
    network = Network((4, 5, 3))
    first, second, other = (network.init(np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "identity"])
def test_predict_is_the_textbook_formula(problem: Callable[..., Any], activation: str) -> None:
    network, theta, X, _ = problem(6, (4, 5, 6, 3), activation=activation)
    theta += 0.1
    functions: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "relu": lambda z: np.where(z > 0, z, 0),
        "tanh": np.tanh,
        "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
        "identity": lambda z: z,
    }
    f = functions[activation]
    (W1, b1), (W2, b2), (W3, b3) = network.unpack(theta)
    np.testing.assert_allclose(network.predict(theta, X), f(f(X @ W1 + b1) @ W2 + b2) @ W3 + b3, rtol=1e-12)


def test_loss_is_the_mean_of_the_losses(problem: Callable[..., Any]) -> None:
    network, theta, X, y = problem()
    assert network.losses(theta, X, y).shape == (20,)
    assert network.loss(theta, X, y) == pytest.approx(network.losses(theta, X, y).mean(), rel=1e-15)


def test_squared_error_is_half_the_square_summed_over_outputs(problem: Callable[..., Any]) -> None:
    network, theta, X, y = problem(loss="squared_error")
    expected = ((network.predict(theta, X) - y) ** 2).sum(axis=1) / 2
    np.testing.assert_allclose(network.losses(theta, X, y), expected, rtol=1e-14)


def test_labels_become_one_hot_targets_with_squared_error(problem: Callable[..., Any]) -> None:
    network, theta, X, _ = problem(4, loss="squared_error")
    labels = np.array([2, 0, 1, 2])
    np.testing.assert_array_equal(
        network.gradient(theta, X, labels), network.gradient(theta, X, np.eye(3)[labels])
    )


@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error"])
def test_float32_stays_float32(problem: Callable[..., Any], loss: str) -> None:
    network, theta, X, y = problem(loss=loss, dtype=np.float32, output="linear")
    results = [
        theta,
        network.predict(theta, X),
        network.losses(theta, X, y),
        network.gradient(theta, X, y),
        network.per_example_gradients(theta, X, y),
    ]
    assert [r.dtype for r in results] == [np.float32] * 5


def test_network_is_immutable_comparable_and_can_be_sent_to_another_process() -> None:
    network = Network([4, 3], loss="squared_error", output="sigmoid", dtype="float32")
    assert (network.loss_name, network.dtype, network.sizes) == ("squared_error", np.dtype("float32"), (4, 3))
    with pytest.raises(AttributeError):
        network.sizes = (1, 2)  # type: ignore[misc]
    copy = pickle.loads(pickle.dumps(network))
    assert copy == network and hash(copy) == hash(network) and copy != Network((4, 3))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sizes": (4,)}, "sizes"),
        ({"sizes": (4, 0, 3)}, "sizes.*0"),
        ({"sizes": (4, 2.5)}, "sizes.*2.5"),
        ({"sizes": (4, True)}, "sizes.*True"),
        ({"sizes": (4, 1)}, "cross_entropy"),
        ({"activation": "swish"}, "activation.*relu.*swish"),
        ({"loss": "hinge"}, "loss.*squared_error.*hinge"),
        ({"dtype": "float16"}, "dtype.*float16"),
        ({"dtype": "nonsense"}, "dtype.*nonsense"),
        ({"output": "tanh"}, "output.*tanh"),
        ({"output": "sigmoid"}, "output.*cross_entropy"),
    ],
)
def test_a_bad_network_is_refused_with_a_sentence(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Network(**{"sizes": (4, 3), **settings})


@pytest.mark.parametrize(
    ("loss", "sizes", "X", "y", "message"),
    [
        ("cross_entropy", (2, 3), np.ones((2, 3)), [0, 1], "X must have shape"),
        ("cross_entropy", (2, 3), np.ones(2), [0, 1], "X must have shape"),
        ("cross_entropy", (2, 3), np.ones((0, 2)), [], "X must have shape"),
        ("cross_entropy", (2, 3), [[np.nan, 1.0]], [0], "X must hold finite"),
        ("cross_entropy", (2, 3), [["a", "b"]], [0], "X must hold numbers"),
        ("cross_entropy", (2, 3), np.ones((2, 2)), [0], "y must have one entry"),
        ("cross_entropy", (2, 3), np.ones((2, 2)), [0, 3], "labels must lie in 0 to 2"),
        ("cross_entropy", (2, 3), np.ones((2, 2)), [-1, 0], "labels must lie in 0 to 2"),
        ("cross_entropy", (2, 3), np.ones((2, 2)), [0.0, 1.0], "whole-number labels"),
        ("cross_entropy", (2, 3), np.ones((2, 2)), [[0], [1]], "whole-number labels"),
        ("squared_error", (2, 3), np.ones((2, 2)), [0.5, 1.0], "y must have shape"),
        ("squared_error", (2, 3), np.ones((2, 2)), [[0.5], [1.0]], "y must have shape"),
        ("squared_error", (2, 1), np.ones((2, 2)), [0.5, np.inf], "y must hold finite"),
        ("squared_error", (2, 3), np.ones((2, 2)), [0, 3], "labels must lie in 0 to 2"),
    ],
)
def test_bad_data_are_refused_with_a_sentence(
    loss: str, sizes: tuple[int, ...], X: Any, y: Any, message: str
) -> None:
    network = Network(sizes, loss=loss)
    with pytest.raises(ValueError, match=message):
        network.gradient(np.zeros(network.n_parameters), np.array(X), np.array(y))


def test_a_theta_of_the_wrong_length_is_refused(problem: Callable[..., Any]) -> None:
    network, theta, X, _ = problem()
    for wrong in (theta[:-1], theta[None]):
        with pytest.raises(ValueError, match="theta must have shape"):
            network.predict(wrong, X)


def test_a_diverged_theta_gives_numbers_and_no_warnings(problem: Callable[..., Any]) -> None:
    network, theta, X, y = problem()
    assert not np.isfinite(network.loss(theta * 1e300, X, y))
    assert np.isnan(network.gradient(np.full_like(theta, np.nan), X, y)).any()
