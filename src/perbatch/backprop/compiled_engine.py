"""The compiled engine: whole segments of an epoch without returning to Python, through Numba.

Start reading at `compiled.visits` (the modes), then `chunks` and `single` (the passes), `products` and
`tiles` (where the time goes), and `compiled.evaluation` (what is measured).
"""

from __future__ import annotations

import numpy as np

from perbatch.backprop.compiled.cache import ready
from perbatch.backprop.compiled.visits import Mode, advance
from perbatch.backprop.compiled.workspace import workspace
from perbatch.backprop.compiled_evaluator import CompiledEvaluator
from perbatch.backprop.examples import Examples
from perbatch.backprop.mode import UpdateMode
from perbatch.backprop.network import Network


class CompiledEngine:
    """What `NumpyEngine` does, to rounding, and the same bits on every run.

    The first engine of a precision compiles the code, which takes seconds and is kept for later processes.
    """

    def __init__(self, network: Network, theta: np.ndarray, examples: Examples, mode: UpdateMode) -> None:
        """Make every buffer, and see that the code is compiled; `theta` is updated in place."""
        self.theta, self.satisfied = theta, np.zeros(len(examples), bool)
        self._counts = np.zeros(3, np.int64)
        self._network, self._examples, self._mode = network, examples, mode
        accumulates = mode.micro_batch_size < mode.batch_size
        self._work = workspace(network, theta, examples, mode.micro_batch_size, accumulates)
        self._numbers = Mode(
            batch_size=mode.batch_size,
            updates_per_batch=mode.updates_per_batch,
            checks=mode.tolerance is not None,
            tolerance=float(mode.tolerance or 0.0),
            learning_rate=mode.learning_rate,
            micro_batch_size=mode.micro_batch_size,
        )
        nothing = np.zeros(0, np.int64)
        with ready(network.dtype) as first:
            self.advance(nothing)
            if first:
                self.evaluator(None).measure(nothing)

    def advance(self, indices: np.ndarray) -> None:
        """Visit the given examples in batches, of which only the last may be short."""
        advance(self._work, self._numbers, indices, self.satisfied, self._counts)

    def evaluator(self, held_out: Examples | None) -> CompiledEvaluator:
        """Return what measures `theta` on the training examples and on those."""
        return CompiledEvaluator(self._network, self.theta, self._examples, held_out, self._mode)

    @property
    def updates(self) -> int:
        """How many updates there were."""
        return int(self._counts[0])

    @property
    def gradient_evaluations(self) -> int:
        """How many gradients of an example were computed."""
        return int(self._counts[1])

    @property
    def forward_evaluations(self) -> int:
        """How many examples were passed forward by checks that no gradient followed."""
        return int(self._counts[2])
