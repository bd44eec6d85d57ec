"""The rows of a run's history: what was counted, what is measured, what became of earlier examples."""

from __future__ import annotations

import numpy as np

from perbatch.backprop.engines import Engine
from perbatch.backprop.evaluation import Evaluation
from perbatch.backprop.examples import Examples
from perbatch.backprop.mode import UpdateMode
from perbatch.backprop.network import Network
from perbatch.backprop.next_update import NextUpdate


class Monitor:
    """Follows one run of `engine` on `examples`, with or without held-out examples."""

    def __init__(
        self,
        network: Network,
        engine: Engine,
        examples: Examples,
        held_out: Examples | None,
        mode: UpdateMode,
    ) -> None:
        """Make every buffer."""
        self._engine, self._tolerance = engine, mode.tolerance
        self._train = Evaluation(network, engine.theta, examples, with_gradient=True)
        self._validation = None
        if held_out is not None:
            self._validation = Evaluation(network, engine.theta, held_out, with_gradient=False)
        self._next = NextUpdate(network, engine.theta, examples, mode)
        self._presented = np.zeros(len(examples), bool)
        self._presentations = 0

    def saw(self, indices: np.ndarray) -> None:
        """Note that these examples were presented."""
        self._presentations += len(indices)
        self._presented[indices] = True

    def row(self, training_seconds: float, upcoming: np.ndarray) -> dict[str, float]:
        """Measure theta now and return one row of the history; `upcoming` is the next batch."""
        train, held_out, engine = self._train, self._validation, self._engine
        train.measure()
        if held_out is not None:
            held_out.measure()
        return {
            "epoch": self._presentations / len(self._presented),
            "presentations": self._presentations,
            "updates": engine.updates,
            "gradient_evaluations": engine.gradient_evaluations,
            "forward_evaluations": engine.forward_evaluations,
            "train_loss": train.loss,
            "validation_loss": held_out.loss if held_out else np.nan,
            "train_accuracy": train.accuracy,
            "validation_accuracy": held_out.accuracy if held_out else np.nan,
            "train_r2": train.r2,
            "validation_r2": held_out.r2 if held_out else np.nan,
            "gradient_norm": train.gradient_norm,
            "gradient_variance": train.gradient_variance,
            "next_update_change": self._next.change(train, upcoming),
            "satisfied_when_left": self._share(engine.satisfied),
            "still_satisfied": self._share(train.losses <= (self._tolerance or 0.0)),
            "training_seconds": training_seconds,
        }

    def _share(self, satisfied: np.ndarray) -> float:
        """Share of the examples presented so far; NaN without a tolerance or before the first."""
        if self._tolerance is None or not self._presentations:
            return np.nan
        return float(satisfied[self._presented].mean())
