"""One run's training: from its config and data to what its folder holds."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from perbatch.backprop import Network, Run, generators, log_spaced, train
from perbatch.data import Prepared, training_examples
from perbatch.runs.cell import cell, mode
from perbatch.runs.encoded import TrainingData
from perbatch.runs.identity import effective_batch_size, of, summary

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


def network_for(config: Mapping[Any, Any], data: Prepared | TrainingData) -> Network:
    """Return the network that fits the data: an input a feature, an output a class (regression: one)."""
    model = {key: config["model"][key] for key in ("activation", "loss", "bias", "dtype", "output")}
    return Network(_sizes(config, data.summary), **model)


def train_run(
    config: Mapping[str, Any],
    data: Prepared | TrainingData,
    on_evaluation: Callable[[dict[str, float]], None],
) -> Outcome:
    """Train one run with one BLAS thread; the same config, data and machine give the same bits."""
    network = network_for(config, data)
    start = time.time()
    with _threads().limit(limits=1, user_api="blas"):
        run = train(
            network,
            network.init(generators(config["seed"])[0]),
            data.X_train,
            data.y_train,
            batch_size=config["batch_size"],
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
            schedule=schedule(config),
            on_evaluation=on_evaluation,
        )
    history = {key: values.tolist() for key, values in run.history.items()}
    seconds = history.pop("training_seconds")
    return Outcome(
        row=_row(config, network, run),
        history=history_csv(history),
        theta=run.theta,
        timings={
            "start": start,
            "end": time.time(),
            "training_seconds": run.training_seconds,
            "evaluation_seconds": run.evaluation_seconds,
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


def schedule(config: Mapping[Any, Any]) -> np.ndarray:
    """Return the presentations at which the run is evaluated, the same for every batch size."""
    last = training_examples(config["data"]) * config["epochs"]
    return log_spaced(min(config["evaluation"]["first"], last), last, config["evaluation"]["factor"])


def describe(config: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the columns of the table of runs that are known before the run is trained."""
    data = summary(config)
    return {
        "identity": of(config),
        "data": config["data"]["name"],
        "data_digest": data["digest"],
        "task": data["task"],
        "n_train": training_examples(config["data"]),
        "mode": mode(config),
        "batch_size": effective_batch_size(config),
        "updates_per_batch": config["repeat"]["updates_per_batch"],
        "tolerance": config["repeat"]["tolerance"],
        "learning_rate": config["learning_rate"],
        "seed": config["seed"],
        "cell": cell(config),
        "epochs": config["epochs"],
        "stop_at": config["stop_at"],
        "micro_batch_size": config["micro_batch_size"],
        "shuffle": config["shuffle"],
        "sizes": "-".join(map(str, _sizes(config, data))),
        "activation": config["model"]["activation"],
        "loss": config["model"]["loss"],
        "bias": config["model"]["bias"],
        "output": config["model"]["output"],
        "dtype": config["model"]["dtype"],
        "engine": config["engine"]["name"],
    }


def _row(config: Mapping[Any, Any], network: Network, run: Run) -> dict[str, Any]:
    last = {key: values[-1].item() for key, values in run.history.items()}
    return (
        describe(config)
        | {"status": "diverged" if run.diverged else "finished"}
        | {"diverged_epoch": last["epoch"] if run.diverged else None}
        | {key: last[key] for key in FINAL}
        | {"n_parameters": network.n_parameters}
    )


def _sizes(config: Mapping[Any, Any], summary: Mapping[str, Any]) -> tuple[int, ...]:
    return (summary["features"], *config["model"]["hidden"], len(summary["classes"]) or 1)
