"""What the next update would do to the loss of the whole training set, told without making it."""

from __future__ import annotations

import numpy as np

from perbatch.backprop.evaluation import CHUNK, Evaluation
from perbatch.backprop.examples import Examples
from perbatch.backprop.mode import UpdateMode
from perbatch.backprop.network import Network
from perbatch.backprop.propagation import Propagation


class NextUpdate:
    """Makes the next update on a copy of `theta`: the run, its counts and its clock know nothing of it."""

    def __init__(self, network: Network, theta: np.ndarray, examples: Examples, mode: UpdateMode) -> None:
        """Make every buffer; `theta` is read anew at each `change`."""
        self._network, self._theta, self._examples, self._mode = network, theta, examples, mode
        self._trial = np.empty_like(theta)
        self._after = Evaluation(network, self._trial, examples, with_gradient=False)
        self._gradient, self._share = np.empty_like(theta), np.empty_like(theta)
        self._passes: dict[int, Propagation] = {}

    def change(self, now: Evaluation, batch: np.ndarray) -> float:
        """Return the loss after the first update on `batch` minus the loss `now`, both of the whole set.

        NaN without a next batch, and where it meets the tolerance, so that there is no update on it.
        """
        if not len(batch):
            return np.nan
        loss, gradient = now.loss, now.gradient
        if len(batch) < len(self._examples):
            loss, gradient = self._of(batch)
        if self._mode.tolerance is not None and loss <= self._mode.tolerance:
            return np.nan
        np.multiply(gradient, -self._mode.learning_rate, out=self._trial)
        self._trial += self._theta
        self._after.measure()
        return self._after.loss - now.loss

    def _of(self, batch: np.ndarray) -> tuple[float, np.ndarray]:
        """Mean loss of a batch and its gradient."""
        self._gradient.fill(0.0)
        loss = sum(self._add(batch[i : i + CHUNK], len(batch)) for i in range(0, len(batch), CHUNK))
        return loss, self._gradient

    def _add(self, rows: np.ndarray, batch_size: int) -> float:
        """Add the rows' part of the batch's mean gradient, and return their part of its mean loss."""
        if len(rows) not in self._passes:
            self._passes[len(rows)] = Propagation(self._network, self._theta, self._share, len(rows))
        passes = self._passes[len(rows)]
        inputs = self._examples.inputs[rows]
        targets = self._examples.targets(rows)
        passes.forward(inputs)
        losses = passes.loss.losses(targets)
        passes.backward(inputs.T, targets, np.array(1.0 / batch_size, self._network.dtype))
        self._gradient += self._share
        return float(losses.sum()) / batch_size
