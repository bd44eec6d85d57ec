"""The one gradient checker: back-propagation against the slope of the loss itself."""

from __future__ import annotations

import numpy as np

from perbatch.backprop.network import Network


def check_gradient(
    network: Network,
    theta: np.ndarray,
    X: np.ndarray,
    y: np.ndarray,
    rng: np.random.Generator,
    step: float = 1e-5,
) -> tuple[float, float]:
    """Return the mean loss's slope along a random unit direction: (by gradient, by central difference).

    The difference is always taken in float64, so that it also judges a float32 network.
    """
    direction = rng.normal(size=network.n_parameters)
    direction /= np.linalg.norm(direction)
    exact = Network(
        network.sizes, network.activation, network.loss_name, network.bias, "float64", network.output
    )
    theta64 = np.asarray(theta, np.float64)
    ahead = exact.loss(theta64 + step * direction, X, y)
    behind = exact.loss(theta64 - step * direction, X, y)
    analytic = network.gradient(theta, X, y).astype(np.float64) @ direction
    return float(analytic), (ahead - behind) / (2 * step)
