"""One run's training: from its config and data to what its folder holds."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from perbatch import backprop
from perbatch.backprop import Network, generators
from perbatch.data import Prepared
from perbatch.runs import metric
from perbatch.runs.encoded import TrainingData
from perbatch.runs.run import Run

FINAL = (
    "presentations",
    "updates",
    "gradient_evaluations",
    "forward_evaluations",
    "train_loss",
    "validation_loss",
    "train_accuracy",
    "validation_accuracy",
    "train_r2",
    "validation_r2",
    "own_metric",
)


@dataclass(frozen=True)
class Outcome:
    """A run that ended: its row of the table of runs, its history as CSV, its parameters, its seconds."""

    row: dict[str, Any]
    history: str
    theta: np.ndarray
    timings: dict[str, Any]

    def sentence(self) -> str:
        """Say how the run ended and how good it became."""
        if self.row["status"] == "diverged":
            return f"diverged in epoch {self.row['diverged_epoch']:g}"
        score = "accuracy" if self.row["task"] == "classification" else "r2"
        seconds, loss = self.timings["training_seconds"], self.row["validation_loss"]
        return (
            f"{self.row['updates']} updates in {seconds:.2f} s, "
            f"validation loss {loss:.4f}, {score} {self.row[f'validation_{score}']:.4f}"
        )


def train_run(
    run: Run, data: Prepared | TrainingData, on_evaluation: Callable[[dict[str, float]], None]
) -> Outcome:
    """Train one run with one BLAS thread; the same run, data and machine give the same bits."""
    config, model = run.config, run.config["model"]
    network = Network(
        run.sizes, **{key: model[key] for key in ("activation", "loss", "bias", "dtype", "output")}
    )
    own = config["metric"] and metric.of_theta(config["metric"], network, data)
    start = time.time()
    with _threads().limit(limits=1, user_api="blas"):
        trained = backprop.train(
            network,
            network.init(generators(config["seed"])[0]),
            data.X_train,
            data.y_train,
            batch_size=run.batch_size,
            learning_rate=config["learning_rate"],
            epochs=config["epochs"],
            seed=config["seed"],
            engine=config["engine"]["name"],
            updates_per_batch=config["repeat"]["updates_per_batch"],
            tolerance=config["repeat"]["tolerance"],
            micro_batch_size=config["micro_batch_size"],
            shuffle=config["shuffle"],
            validation=(data.X_validation, data.y_validation),
            stop_at=config["stop_at"],
            schedule=run.schedule,
            metric=own,
            on_evaluation=on_evaluation,
        )
    history = {key: values.tolist() for key, values in trained.history.items()}
    seconds = history.pop("training_seconds")
    return Outcome(
        row=_row(run, network, trained),
        history=history_csv(history),
        theta=trained.theta,
        timings={
            "start": start,
            "end": time.time(),
            "training_seconds": trained.training_seconds,
            "evaluation_seconds": trained.evaluation_seconds,
            "at_evaluation": seconds,
        },
    )


@cache
def _threads() -> ThreadpoolController:
    return ThreadpoolController()  # looks through all libraries of the process, once


def history_csv(history: Mapping[str, Sequence[float]]) -> str:
    """Return a history as CSV, a row an evaluation, every digit kept; what does not apply (nan) is empty."""
    lines = [",".join(history)]
    for row in zip(*history.values(), strict=True):
        lines.append(",".join("" if value != value else repr(value) for value in row))
    return "\n".join(lines) + "\n"


def read_history(text: str) -> list[dict[str, float]]:
    """Return the rows of a history's CSV."""
    header, *lines = text.splitlines()
    return [
        {key: float(value or "nan") for key, value in zip(header.split(","), line.split(","), strict=True)}
        for line in lines
    ]


def _row(run: Run, network: Network, trained: backprop.Run) -> dict[str, Any]:
    last = {key: values[-1].item() for key, values in trained.history.items()}
    return (
        run.describe()
        | {"status": "diverged" if trained.diverged else "finished"}
        | {"diverged_epoch": last["epoch"] if trained.diverged else None}
        | {key: last[key] for key in FINAL}
        | {"n_parameters": network.n_parameters}
    )
