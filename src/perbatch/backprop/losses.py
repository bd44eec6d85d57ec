"""Losses by name. Each is bound to one array of network outputs and owns the buffers for it.

The order of calls is `forward()` whenever the outputs changed, then `total` or `losses`, then `delta`.
"""

from __future__ import annotations

import numpy as np

Array = np.ndarray


def _column(values: Array) -> Array:
    """View (M,) so that it broadcasts along the rows of (M, k); NumPy is faster with a scalar when M is 1."""
    return values.reshape(()) if len(values) == 1 else values[:, None]


class CrossEntropy:
    """Negative log-likelihood of softmax: log(sum_j exp z_j) - z_y, with the largest z taken out first."""

    def __init__(self, outputs: Array) -> None:
        """Make the buffers for outputs (M, k)."""
        self._outputs = outputs
        self._peaks = np.empty(len(outputs), outputs.dtype)
        self._sums = np.empty_like(self._peaks)
        self._ones = np.ones(outputs.shape[1], outputs.dtype)
        self._shifted = np.empty_like(outputs)
        self._exponentials = np.empty_like(outputs)
        self._peak_column, self._sum_column = _column(self._peaks), _column(self._sums)
        self._flat = self._shifted.reshape(-1)

    def forward(self) -> None:
        """Compute what the value and the derivative share."""
        np.maximum.reduce(self._outputs, axis=1, out=self._peaks)
        np.subtract(self._outputs, self._peak_column, self._shifted)
        np.exp(self._shifted, self._exponentials)
        self._exponentials.dot(self._ones, self._sums)

    def total(self, targets: Array) -> float:
        """Sum of the losses over the batch."""
        logs: float = np.log(self._sums).sum() if len(self._sums) > 1 else np.log(self._sums.item())
        return float(logs - self._flat.dot(targets.reshape(-1)))

    def losses(self, targets: Array) -> Array:
        """Loss of each example, shape (M,)."""
        return np.log(self._sums) - np.multiply(self._shifted, targets).sum(axis=1)

    def delta(self, targets: Array, scale: Array) -> Array:
        """`scale` times the derivative of the summed loss by the outputs (M, k): softmax - target."""
        delta = self._exponentials
        np.divide(delta, self._sum_column, delta)
        np.subtract(delta, targets, delta)
        np.multiply(delta, scale, delta)
        return delta


class SquaredError:
    """Half the squared difference, summed over the outputs: 1/2 |f(x) - y|^2."""

    def __init__(self, outputs: Array) -> None:
        """Make the buffers for outputs (M, k)."""
        self._outputs = outputs
        self._residuals = np.empty_like(outputs)
        self._flat = self._residuals.reshape(-1)

    def forward(self) -> None:
        """Nothing is shared between the value and the derivative."""

    def total(self, targets: Array) -> float:
        """Sum of the losses over the batch."""
        np.subtract(self._outputs, targets, self._residuals)
        return 0.5 * float(self._flat.dot(self._flat))

    def losses(self, targets: Array) -> Array:
        """Loss of each example, shape (M,)."""
        return 0.5 * np.square(self._outputs - targets).sum(axis=1)

    def delta(self, targets: Array, scale: Array) -> Array:
        """`scale` times the derivative of the summed loss by the outputs (M, k): output - target."""
        delta = self._residuals
        np.subtract(self._outputs, targets, delta)
        np.multiply(delta, scale, delta)
        return delta


Loss = CrossEntropy | SquaredError

LOSSES: dict[str, type[CrossEntropy] | type[SquaredError]] = {
    "cross_entropy": CrossEntropy,
    "squared_error": SquaredError,
}
