"""The reference engine: every update mode is one loop, `NumpyEngine._visit`, with three numbers.

Nothing is allocated inside the loop. Examples are gathered some at a time into one block, and the views of
the block's batches are made once, so that a stochastic update costs NumPy's calls and little else.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from perbatch.backprop.batches import AccumulatedBatch, Batch, WholeBatch
from perbatch.backprop.examples import Examples
from perbatch.backprop.mode import UpdateMode
from perbatch.backprop.network import Network
from perbatch.backprop.numpy_evaluator import NumpyEvaluator
from perbatch.backprop.propagation import Propagation

_BLOCK = 64  # examples gathered at once when batches are smaller: enough to make the gathering cheap


class NumpyEngine:
    """Applies the gradient to `theta`, in place, as `mode` says, and counts what it computed.

    `satisfied[i]` tells whether the batch of example i had reached the tolerance when it was last left.
    """

    def __init__(self, network: Network, theta: np.ndarray, examples: Examples, mode: UpdateMode) -> None:
        """Make every buffer and view; `theta` must be contiguous and of the network's precision."""
        self.theta, self.satisfied = theta, np.zeros(len(examples), bool)
        self.updates = self.gradient_evaluations = self.forward_evaluations = 0
        self._network, self._examples, self._mode = network, examples, mode
        self._step = np.zeros_like(theta)  # learning_rate times the gradient of the batch's mean loss
        self._accumulates = mode.micro_batch_size < mode.batch_size
        self._chunk_step = np.zeros_like(theta) if self._accumulates else self._step
        self._passes: dict[int, Propagation] = {}

        loaded = mode.micro_batch_size
        rows = loaded if self._accumulates else loaded * max(1, _BLOCK // loaded)
        self._inputs = np.empty((rows, examples.inputs.shape[1]), network.dtype)
        self._targets = np.empty((rows, network.sizes[-1]), network.dtype)
        self._block = [self._loaded(start, loaded, mode.batch_size) for start in range(0, rows, loaded)]

    def advance(self, indices: np.ndarray) -> None:
        """Visit the given examples in batches; the last may be short."""
        left_satisfied = [self._visit(batch) for batch in self._batches(indices)]
        if self._mode.tolerance is not None:
            self.satisfied[indices] = np.repeat(left_satisfied, self._mode.batch_size)[: len(indices)]

    def evaluator(self, held_out: Examples | None) -> NumpyEvaluator:
        """Return what measures `theta` on the training examples and on those."""
        return NumpyEvaluator(self._network, self.theta, self._examples, held_out, self._mode)

    def _visit(self, batch: Batch) -> bool:
        """Update up to n times, or until the mean loss is at most the tolerance; tell whether it is."""
        tolerance, theta, step = self._mode.tolerance, self.theta, self._step
        for _ in range(self._mode.updates_per_batch):
            batch.forward()
            if tolerance is not None:
                if batch.total_loss() / batch.size <= tolerance:
                    self.forward_evaluations += batch.size
                    return True
                self.forward_evaluations += batch.rechecked
            batch.backward()
            np.subtract(theta, step, theta)
            self.updates += 1
            self.gradient_evaluations += batch.size
        if tolerance is None:
            return False
        batch.forward()
        self.forward_evaluations += batch.size
        return batch.total_loss() / batch.size <= tolerance

    def _batches(self, indices: np.ndarray) -> Iterator[Batch]:
        size = self._mode.batch_size
        if self._accumulates:
            for start in range(0, len(indices), size):
                yield self._accumulated(indices[start : start + size])
            return
        for start in range(0, len(indices), len(self._inputs)):
            chosen = indices[start : start + len(self._inputs)]
            self._gather(chosen)
            whole, short = divmod(len(chosen), size)
            yield from self._block[:whole]
            if short:
                yield self._loaded(whole * size, short, short)

    def _accumulated(self, indices: np.ndarray) -> AccumulatedBatch:
        def load(chunk: np.ndarray) -> WholeBatch:
            self._gather(chunk)
            return self._loaded(0, len(chunk), len(indices))

        size = self._mode.micro_batch_size
        chunks = [indices[start : start + size] for start in range(0, len(indices), size)]
        return AccumulatedBatch(chunks, load, self._chunk_step, self._step)

    def _gather(self, indices: np.ndarray) -> None:
        self._examples.gather(indices, self._inputs[: len(indices)], self._targets[: len(indices)])

    def _loaded(self, start: int, size: int, batch_size: int) -> WholeBatch:
        """View `size` gathered examples, which count as a share of a batch of `batch_size`."""
        if size not in self._passes:
            self._passes[size] = Propagation(self._network, self.theta, self._chunk_step, size)
        rows = slice(start, start + size)
        scale = np.array(self._mode.learning_rate / batch_size, self._network.dtype)
        return WholeBatch(self._passes[size], self._inputs[rows], self._targets[rows], scale)
