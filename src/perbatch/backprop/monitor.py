"""The rows of a run's history: what was counted, what is measured, what became of earlier examples."""

import numpy as np

from perbatch.backprop.engines import Engine
from perbatch.backprop.examples import Examples
from perbatch.backprop.mode import UpdateMode


class Monitor:
    """Follows one run of `engine`, which measures."""

    def __init__(self, engine: Engine, held_out: Examples | None, mode: UpdateMode) -> None:
        """`held_out` are the validation examples, if there are any."""
        self._engine, self._tolerance = engine, mode.tolerance
        self._evaluator = engine.evaluator(held_out)
        self._presented = np.zeros(len(engine.satisfied), bool)
        self._presentations = 0

    def saw(self, indices: np.ndarray) -> None:
        """Note that these examples were presented."""
        self._presentations += len(indices)
        self._presented[indices] = True

    def row(self, training_seconds: float, upcoming: np.ndarray) -> dict[str, float]:
        """Measure theta now and return one row of the history; `upcoming` is the next batch."""
        engine, measured = self._engine, self._evaluator.measure(upcoming)
        return {
            "epoch": self._presentations / len(self._presented),
            "presentations": self._presentations,
            "updates": engine.updates,
            "gradient_evaluations": engine.gradient_evaluations,
            "forward_evaluations": engine.forward_evaluations,
            **measured,
            "satisfied_when_left": self._share(engine.satisfied),
            "still_satisfied": self._share(self._evaluator.losses <= (self._tolerance or 0.0)),
            "training_seconds": training_seconds,
        }

    def _share(self, satisfied: np.ndarray) -> float:
        """Share of the examples presented so far; NaN without a tolerance or before the first."""
        if self._tolerance is None or not self._presentations:
            return np.nan
        return float(satisfied[self._presented].mean())
