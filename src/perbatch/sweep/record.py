"""From a run to its log in MLflow: the names, params, tags and curves that MLflow's pages show."""

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from perbatch.columns import CURVES, METRICS
from perbatch.runs import identity, places, planned, provenance
from perbatch.runs.folder import CONFIG, FAILURE, HISTORY, WEIGHTS, RunFolder
from perbatch.runs.run import Run
from perbatch.runs.training import read_history
from perbatch.sweep import calls, locks
from perbatch.tracking import DataSet, Experiment, Point, RunLog, Store, locate

log = logging.getLogger(__name__)

FLUSH_SECONDS = 10
POINTS = 20
"""Of a curve on the grid that all runs share; its last and its best point come beside them."""
PAUSE_SECONDS = 30
DIVERGED = {"diverged": "true"}
_store_is_back: dict[str | None, float] = {}


def store_of(uri: str | None) -> Store:
    """Return the store that `tracking.uri` means, mended where it was moved with its checkout."""
    return store_at(uri, places.shared_root())


@cache
def store_at(uri: str | None, root: Path) -> Store:
    """Return the store of a root, as `store_of` does."""
    store = locate(uri, root)
    store.settle()
    return store


@cache
def experiment_of(store: Store, name: str) -> Experiment:
    """Return the experiment of that name."""
    return store.experiment(name)


Row = Mapping[str, float]
"""An evaluation: a row of a history."""


class Points:
    """Which evaluations of a run MLflow's curves show.

    The first at or after each point of a grid that all runs share, whatever their batch size, and at the end
    the best and the last of all.
    """

    def __init__(self, schedule: np.ndarray) -> None:
        """`schedule` are the presentations at which a run is to be evaluated, evenly spaced as logarithms."""
        chosen = np.linspace(0, len(schedule) - 1, min(POINTS - 1, len(schedule))).round().astype(int)
        self._grid = [0, *schedule[chosen].tolist()]
        self.best_loss = math.inf
        self._best: Row | None = None
        self._last: Row | None = None

    def take(self, row: Row) -> bool:
        """Take an evaluation, and return whether it is a point."""
        due = bool(self._grid) and row["presentations"] >= self._grid[0]
        while self._grid and row["presentations"] >= self._grid[0]:
            del self._grid[0]
        self._last = None if due else row
        if row["validation_loss"] < self.best_loss:
            self.best_loss, self._best = row["validation_loss"], None if due else row
        return due

    def left(self) -> list[Row]:
        """Return the best and the last evaluation as far as they are no points yet."""
        rows = [self._last] if self._best is self._last else [self._best, self._last]
        return [row for row in rows if row is not None]


class LiveLog:
    """The log of a run: all at its end, or every 10 s where it takes long.

    The run's folder is the truth, and the next sweep logs from it what is missing. So whatever happens to
    the store is said once and loses no run.
    """

    def __init__(
        self, folder: RunFolder, run: Run, start: float, tags: Mapping[str, str] | None = None
    ) -> None:
        """`start` in seconds since 1970. Writes nothing yet.

        `tags` say where the run was made, where that is not here and now.
        """
        self._folder, self._run, self._start, self._tags = folder, run, start, tags
        self._points = Points(run.schedule)
        self._rows: list[Row] = []
        self._log: RunLog | None = None
        self._flushed, self._lost = time.monotonic(), not run.config["tracking"]["live"]

    def evaluation(self, row: Row) -> None:
        """Take one evaluation."""
        if self._points.take(row):
            self._rows.append(row)
        if time.monotonic() - self._flushed > FLUSH_SECONDS:
            self._flushed = time.monotonic()
            self._try(self._flush)

    def finish(self) -> None:
        """Log the rest of a complete run, and note in its folder that this store has it."""
        self._try(self._finish)

    def end(self, status: str) -> None:
        """End the log of a run that raised (FAILED, with its traceback) or was stopped (KILLED)."""
        self._try(lambda: self._end(status))

    def _open(self) -> RunLog:
        if self._log is None:
            self._log = new_log(self._folder, self._run, self._start, self._tags)
        return self._log

    def _flush(self) -> None:
        self._open().add(curves(self._rows, self._start))
        self._rows.clear()

    def _finish(self) -> None:
        row, timings = self._folder.row(), self._folder.timings()
        end = milliseconds(timings["end"])
        ends = numbers(row) | {
            "final/training_seconds": timings["training_seconds"],
            "best/validation_loss": self._points.best_loss,
        }
        last = {name: [(int(row["presentations"]), end, float(number))] for name, number in ends.items()}
        run_log = self._open()
        points = [*self._rows, *self._points.left()]
        run_log.attach([self._folder.path / name for name in (CONFIG, HISTORY, WEIGHTS)])
        run_log.add(curves(points, self._start) | last, DIVERGED if row["status"] == "diverged" else {})
        # Before the end: a process killed in between leaves the run RUNNING, and the next sweep ends it.
        self._folder.mark_logged(_experiment(self._run).key, run_log.id)
        run_log.end("FINISHED", end)
        if self._run.config["tracking"]["parent"] is None:  # a sweep does it for all its runs at its end
            store, experiment = store_of(self._run.config["tracking"]["uri"]), _experiment(self._run)
            store.mark_replaced(store.others(experiment, self._run.identity, run_log.id))

    def _end(self, status: str) -> None:
        run_log, failure = self._open(), self._folder.path / FAILURE
        run_log.add(curves(self._rows, self._start))
        run_log.attach([failure] if failure.is_file() else [])
        run_log.end(status, milliseconds(time.time()))
        self._folder.mark_logged(_experiment(self._run).key, run_log.id)

    def _try(self, action: Callable[[], None]) -> None:
        if self._lost or time.monotonic() < _store_is_back.get(self._run.config["tracking"]["uri"], 0.0):
            return
        try:
            action()
        except Exception as error:
            self._lost = True
            first = locks.first_to_say(self._run.config["tracking"]["parent"])
            # The process's next runs must not each wait for a dead server.
            _store_is_back[self._run.config["tracking"]["uri"]] = time.monotonic() + PAUSE_SECONDS
            log.log(
                logging.WARNING if first else logging.DEBUG,
                "%s: not logged to MLflow (%s); it is kept in its folder, and the next sweep logs it",
                self._run.name,
                " ".join(f"{type(error).__name__}: {error}".split())[:300],
            )


def try_store_again() -> None:
    """Do not wait any longer for a store that did not take a run: it may have been busy, not dead."""
    _store_is_back.update(dict.fromkeys(_store_is_back, 0.0))


def new_log(folder: RunFolder, run: Run, start: float, tags: Mapping[str, str] | None = None) -> RunLog:
    """Return the log of a run that started at `start` (seconds since 1970). Nothing is written yet.

    `tags` stand for those of its identity, process and commit, where it was made elsewhere.
    """
    summary = run.data
    cell, name = planned.called(run) or calls.of_single(run)
    if tags is None:
        made = {"perbatch.identity": run.identity, **locks.tags(folder.lock_file)}
        tags = made | provenance.tags()
    return RunLog(
        store_of(run.config["tracking"]["uri"]),
        _experiment(run),
        name=name,
        params=identity.flat(run.settings) | {"mode": run.mode},
        tags={"cell": cell, "perbatch.kind": "run", **tags},
        data=DataSet(
            name=summary["name"],
            digest=summary["digest"],
            source=summary["origin"],
            profile={key: summary[key] for key in ("title", "licence", "task", "sizes")}
            | {"split": summary["settings"]["split"]},
        ),
        parent=run.config["tracking"]["parent"],
        start=milliseconds(start),
    )


def log_where_missing(folder: RunFolder, run: Run, tags: Mapping[str, str] | None = None) -> None:
    """Log a run that is complete, or failed, from its folder where the store lacks it.

    `tags` as for `new_log`.
    """
    if not run.config["tracking"]["live"] or _logged(folder, run):
        return
    if not folder.complete:
        LiveLog(folder, run, time.time(), tags).end("FAILED")
    else:
        history = read_history(folder.history())
        timings = folder.timings()
        live = LiveLog(folder, run, timings["start"], tags)
        for row, seconds in zip(history, timings["at_evaluation"], strict=True):
            live.evaluation(row | {"training_seconds": seconds})
        live.finish()


def _logged(folder: RunFolder, run: Run) -> bool:
    try:
        return folder.logged(_experiment(run).key)
    except Exception:  # the store broke down, which logging then says
        return False


def _experiment(run: Run) -> Experiment:
    return experiment_of(store_of(run.config["tracking"]["uri"]), run.experiment)


def numbers(row: Mapping[str, Any]) -> dict[str, float]:
    """Return the metrics that a run ends with, from its row of the table of runs."""
    return {metric: row[key] for key, metric in METRICS.items() if row[key] is not None}


def curves(rows: Sequence[Mapping[str, float]], start: float) -> dict[str, list[Point]]:
    """Return the curves of a run that started at `start` (seconds since 1970), from its evaluations."""
    stamps = [(int(row["presentations"]), milliseconds(start + row["training_seconds"])) for row in rows]
    return {
        name: [(step, stamp, float(row[key])) for (step, stamp), row in zip(stamps, rows, strict=True)]
        for key, name in CURVES.items()
    }


def milliseconds(seconds: float) -> int:
    """Return seconds since 1970 as MLflow counts them."""
    return int(seconds * 1000)
