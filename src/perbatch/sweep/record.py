"""From a run to its log in MLflow: the names, params, tags and curves that MLflow's pages show."""

import io
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from omegaconf import DictConfig

from perbatch.sweep import identity, places, provenance
from perbatch.sweep.cell import cell, mode, run_name
from perbatch.sweep.folder import CONFIG, HISTORY, WEIGHTS, RunFolder
from perbatch.tracking import Curve, DataSet, Experiment, RunLog, Store

CURVES = {
    "train_loss": "train/loss",
    "train_accuracy": "train/accuracy",
    "train_r2": "train/r2",
    "gradient_norm": "train/gradient_norm",
    "satisfied_when_left": "train/satisfied_when_left",
    "still_satisfied": "train/still_satisfied",
    "validation_loss": "validation/loss",
    "validation_accuracy": "validation/accuracy",
    "validation_r2": "validation/r2",
    "updates": "count/updates",
    "gradient_evaluations": "count/gradient_evaluations",
}
"""The history's columns that are logged as curves. What nobody plots stays in the run's table."""

FINAL = (
    "train_loss",
    "validation_loss",
    "validation_accuracy",
    "validation_r2",
    "updates",
    "gradient_evaluations",
)
SWEPT = ("batch_size", "learning_rate", "seed", "updates_per_batch", "tolerance")
"""Numbers that are metrics too, since MLflow sorts params as text."""

FLUSH_SECONDS = 10
POINTS = 100


@cache
def store_of(uri: str | None) -> Store:
    """Return the store that `tracking.uri` means."""
    return Store.locate(uri, places.shared_root())


@cache
def experiment_of(store: Store, name: str) -> Experiment:
    """Return the experiment of a data set."""
    return store.experiment(name)


def new_log(config: DictConfig, identity_: str, start: float) -> RunLog:
    """Return the log of a run that started at `start` (seconds since 1970). Nothing is written yet."""
    store = store_of(config.tracking.uri)
    summary = identity.summary(config)
    return RunLog(
        store,
        experiment_of(store, config.data.name),
        name=run_name(config),
        params=_flat(identity.settings(config)) | {"mode": mode(config)},
        tags={"cell": cell(config), "perbatch.identity": identity_, "perbatch.kind": "run"}
        | provenance.tags(),
        data=DataSet(
            name=summary["name"],
            digest=summary["digest"],
            source=summary["origin"],
            profile={"sizes": summary["sizes"], "licence": summary["licence"], "task": summary["task"]},
        ),
        parent=config.tracking.parent,
        start=_milliseconds(start),
    )


class LiveLog:
    """A log that a long run fills as it goes: every 10 s, what has come since."""

    def __init__(self, log: RunLog, start: float, evaluations: int) -> None:
        """`evaluations` is how many the schedule holds; at most 100 points of each curve are logged."""
        self.log, self._start = log, start
        self._stride = -(-evaluations // POINTS)
        self._rows: list[dict[str, float]] = []
        self._seen, self._flushed = 0, time.monotonic()

    def evaluation(self, row: dict[str, float]) -> None:
        """Take one evaluation."""
        if self._seen % self._stride == 0:
            self._rows.append(row)
        self._seen += 1
        if time.monotonic() - self._flushed > FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Log what has come since the last time."""
        self.log.add(_curves(self._rows, self._start))
        self._rows.clear()
        self._flushed = time.monotonic()


def replay(folder: RunFolder, log: RunLog) -> None:
    """Fill a log with the curves of a complete run's folder."""
    history = pd.read_csv(io.StringIO(folder.history()))
    timings = folder.timings()
    history["training_seconds"] = timings["at_evaluation"]
    live = LiveLog(log, timings["start"], len(history))
    for row in history.to_dict("records"):
        live.evaluation({str(key): float(value) for key, value in row.items()})
    live.flush()


def finish(folder: RunFolder, config: DictConfig, log: RunLog) -> None:
    """Log the final numbers and files of a complete run, and note in its folder that this store has it."""
    row, timings = folder.row(), folder.timings()
    step, now = int(row["presentations"]), _milliseconds(timings["end"])
    numbers = {f"final/{key}": row[key] for key in FINAL}
    numbers |= {f"config/{key}": row[key] for key in SWEPT if row[key] is not None}
    numbers["final/training_seconds"] = timings["training_seconds"]
    numbers |= _best(folder)
    if row["status"] == "diverged":
        log.tag({"diverged": "true"})
        numbers["diverged_epoch"] = row["diverged_epoch"]
    log.add(Curve(name, [(step, now, float(value))]) for name, value in numbers.items())
    run_id = log.end("FINISHED", now, [folder.path / name for name in (CONFIG, HISTORY, WEIGHTS)])
    experiment = experiment_of(store_of(config.tracking.uri), config.data.name)
    folder.mark_logged(experiment.key, run_id)


def end_unfinished(log: RunLog, status: str, failure: Path | None = None) -> None:
    """End the log of a run that raised (FAILED, with its traceback) or was stopped (KILLED)."""
    log.end(status, _milliseconds(time.time()), [failure] if failure else [])


def _best(folder: RunFolder) -> dict[str, float]:
    history = pd.read_csv(io.StringIO(folder.history()))
    return {"best/validation_loss": float(history["validation_loss"].min())}


def _curves(rows: Sequence[Mapping[str, float]], start: float) -> list[Curve]:
    stamps = [(int(row["presentations"]), _milliseconds(start + row["training_seconds"])) for row in rows]
    return [
        Curve(name, [(step, stamp, float(row[key])) for (step, stamp), row in zip(stamps, rows, strict=True)])
        for key, name in CURVES.items()
    ]


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return flat


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)
