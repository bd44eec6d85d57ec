"""A finished training run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

COUNTS = ("presentations", "updates", "gradient_evaluations", "forward_evaluations")

HISTORY = (
    "epoch",
    *COUNTS,
    "train_loss",
    "validation_loss",
    "train_accuracy",
    "validation_accuracy",
    "train_r2",
    "validation_r2",
    "gradient_norm",
    "gradient_variance",
    "next_update_change",
    "satisfied_when_left",
    "still_satisfied",
    "own_metric",
    "training_seconds",
)


@dataclass(frozen=True)
class Run:
    """The final `theta` and, for each key of HISTORY, one number an evaluation (NaN where it does not apply).

    `diverged`: training ended early at a non-finite loss or theta. `stopped`: the stop rule was met.
    Two clocks in seconds: `training_seconds` and `evaluation_seconds`.
    """

    theta: np.ndarray
    history: dict[str, np.ndarray]
    diverged: bool
    stopped: bool
    training_seconds: float
    evaluation_seconds: float


def history_of(rows: list[dict[str, float]]) -> dict[str, np.ndarray]:
    """Turn one dictionary an evaluation into one array a key; counts are whole numbers."""
    return {
        key: np.array([row[key] for row in rows], np.int64 if key in COUNTS else float) for key in HISTORY
    }
