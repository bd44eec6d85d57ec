"""One batch as the engine sees it: pass forward, ask for the mean loss, pass backward."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from perbatch.backprop.propagation import Propagation


class WholeBatch:
    """A batch that lies in fixed rows of the engine's buffers, so that its views are made once."""

    def __init__(
        self, passes: Propagation, inputs: np.ndarray, targets: np.ndarray, scale: np.ndarray
    ) -> None:
        """View the rows; `scale` is 1/M or learning_rate/M of the batch they belong to."""
        self.size = len(inputs)
        self.rechecked = (
            0  # forward evaluations a check costs when a gradient follows: none, its pass is reused
        )
        self._inputs, self._transposed, self._targets, self._scale = inputs, inputs.T, targets, scale
        self._forward, self._backward, self._total = passes.forward, passes.backward, passes.loss.total

    def forward(self) -> None:
        """Pass the batch forward."""
        self._forward(self._inputs)

    def total_loss(self) -> float:
        """Return the sum of the losses found by `forward`."""
        return self._total(self._targets)

    def backward(self) -> None:
        """Write `scale` times the gradient of the summed loss, after `forward`."""
        self._backward(self._transposed, self._targets, self._scale)


class AccumulatedBatch:
    """A batch in chunks loaded one at a time: the same gradient in less memory (gradient accumulation).

    A chunk's forward pass is lost when the next is loaded: a check costs forward evaluations of its own.
    """

    def __init__(
        self,
        chunks: list[np.ndarray],
        load: Callable[[np.ndarray], WholeBatch],
        chunk_gradient: np.ndarray,
        gradient: np.ndarray,
    ) -> None:
        """Take each chunk's indices, and how to load it so that its gradient goes to `chunk_gradient`."""
        self.size = self.rechecked = sum(len(chunk) for chunk in chunks)
        self._chunks, self._load = chunks, load
        self._chunk_gradient, self._gradient = chunk_gradient, gradient

    def forward(self) -> None:
        """Do nothing: whatever needs a forward pass makes it chunk by chunk."""

    def total_loss(self) -> float:
        """Return the sum of the losses over all chunks."""
        return sum(chunk.total_loss() for chunk in self._passed_forward())

    def backward(self) -> None:
        """Sum the chunks' gradients."""
        self._gradient.fill(0.0)
        for chunk in self._passed_forward():
            chunk.backward()
            np.add(self._gradient, self._chunk_gradient, self._gradient)

    def _passed_forward(self) -> Iterator[WholeBatch]:
        for indices in self._chunks:
            chunk = self._load(indices)
            chunk.forward()
            yield chunk


Batch = WholeBatch | AccumulatedBatch
