"""From a run to its log in MLflow: the names, params, tags and curves that MLflow's pages show."""

import io
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import pandas as pd
from omegaconf import DictConfig

from perbatch.sweep import identity, locks, places, provenance
from perbatch.sweep.cell import cell, mode, run_name
from perbatch.sweep.folder import CONFIG, FAILURE, HISTORY, WEIGHTS, RunFolder
from perbatch.tracking import Curve, DataSet, Experiment, RunLog, Store

log = logging.getLogger(__name__)

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
PAUSE_SECONDS = 30
_store_is_back: dict[str | None, float] = {}


@cache
def store_of(uri: str | None) -> Store:
    """Return the store that `tracking.uri` means."""
    return Store.locate(uri, places.shared_root())


@cache
def experiment_of(store: Store, name: str) -> Experiment:
    """Return the experiment of a data set."""
    return store.experiment(name)


class LiveLog:
    """The log of a run: all at its end, or every 10 s where it takes long.

    The run's folder is the truth, and the next sweep logs from it what is missing. So whatever happens to
    the store is said once and loses no run.
    """

    def __init__(self, folder: RunFolder, config: DictConfig, start: float, evaluations: int) -> None:
        """`start` in seconds since 1970; at most 100 of the `evaluations` are logged. Writes nothing yet."""
        self._folder, self._config, self._start = folder, config, start
        self._stride = -(-evaluations // POINTS)
        self._rows: list[dict[str, float]] = []
        self._log: RunLog | None = None
        self._seen, self._flushed, self._lost = 0, time.monotonic(), False

    def evaluation(self, row: dict[str, float]) -> None:
        """Take one evaluation."""
        if self._seen % self._stride == 0:
            self._rows.append(row)
        self._seen += 1
        if time.monotonic() - self._flushed > FLUSH_SECONDS:
            self._flushed = time.monotonic()
            self._try(self._flush)

    def finish(self) -> None:
        """Log the rest of a complete run, and note in its folder that this store has it."""
        self._try(self._finish)

    def end(self, status: str) -> None:
        """End the log of a run that raised (FAILED, with its traceback) or was stopped (KILLED)."""
        failure = self._folder.path / FAILURE
        files = [failure] if failure.is_file() else []
        self._try(lambda: self._open().end(status, _milliseconds(time.time()), files))

    def _open(self) -> RunLog:
        if self._log is None:
            self._log = new_log(self._folder, self._config, self._start)
        return self._log

    def _flush(self) -> None:
        self._open().add(_curves(self._rows, self._start))
        self._rows.clear()

    def _finish(self) -> None:
        self._flush()
        _finish(self._folder, self._open())
        self._folder.mark_logged(_experiment(self._config).key, self._open().id)

    def _try(self, action: Callable[[], None]) -> None:
        if self._lost or time.monotonic() < _store_is_back.get(self._config.tracking.uri, 0.0):
            return
        try:
            action()
        except Exception as error:
            self._lost = True
            # The process's next runs must not each wait for a dead server.
            _store_is_back[self._config.tracking.uri] = time.monotonic() + PAUSE_SECONDS
            log.warning(
                "%s: not logged to MLflow (%s); it is kept in its folder, and the next sweep logs it",
                run_name(self._config),
                " ".join(f"{type(error).__name__}: {error}".split())[:300],
            )


def new_log(folder: RunFolder, config: DictConfig, start: float) -> RunLog:
    """Return the log of a run that started at `start` (seconds since 1970). Nothing is written yet."""
    summary = identity.summary(config)
    identities = {"perbatch.identity": identity.of(config), "perbatch.kind": "run"}
    return RunLog(
        store_of(config.tracking.uri),
        _experiment(config),
        name=run_name(config),
        params=_flat(identity.settings(config)) | {"mode": mode(config)},
        tags={"cell": cell(config), **identities, **locks.tags(folder.lock_file), **provenance.tags()},
        data=DataSet(
            name=summary["name"],
            digest=summary["digest"],
            source=summary["origin"],
            profile={"sizes": summary["sizes"], "licence": summary["licence"], "task": summary["task"]},
        ),
        parent=config.tracking.parent,
        start=_milliseconds(start),
    )


def log_where_missing(folder: RunFolder, config: DictConfig) -> None:
    """Log a complete run from its folder where the store lacks it."""
    if not folder.logged(_experiment(config).key):
        history = pd.read_csv(io.StringIO(folder.history()))
        timings = folder.timings()
        history["training_seconds"] = timings["at_evaluation"]
        live = LiveLog(folder, config, timings["start"], len(history))
        for row in history.to_dict("records"):
            live.evaluation({str(key): float(value) for key, value in row.items()})
        live.finish()


def _experiment(config: DictConfig) -> Experiment:
    return experiment_of(store_of(config.tracking.uri), config.data.name)


def _finish(folder: RunFolder, run_log: RunLog) -> None:
    """Log the final numbers and the files of a complete run, and end it."""
    row, timings = folder.row(), folder.timings()
    step, now = int(row["presentations"]), _milliseconds(timings["end"])
    numbers = {f"final/{key}": row[key] for key in FINAL}
    numbers |= {f"config/{key}": row[key] for key in SWEPT if row[key] is not None}
    numbers["final/training_seconds"] = timings["training_seconds"]
    numbers |= _best(folder)
    if row["status"] == "diverged":
        run_log.tag({"diverged": "true"})
        numbers["diverged_epoch"] = row["diverged_epoch"]
    run_log.add(Curve(name, [(step, now, float(value))]) for name, value in numbers.items())
    run_log.end("FINISHED", now, [folder.path / name for name in (CONFIG, HISTORY, WEIGHTS)])


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
