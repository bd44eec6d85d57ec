"""Filling an MLflow store from a sweep's tables, where the run folders are on another machine.

The tables hold what is reproducible: settings, curves, final numbers and weights. Times they do not hold, so
the runs show the time of the filling and no seconds.
"""

import csv
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from perbatch.sweep import record
from perbatch.sweep.folder import HISTORY, WEIGHTS
from perbatch.sweep.tables import HISTORY as HISTORIES
from perbatch.sweep.tables import RUNS
from perbatch.sweep.tables import WEIGHTS as STACKED
from perbatch.tracking import Curve, DataSet, Experiment, RunLog, Store

FILLED_TAG = "perbatch.filled"
PARAMS = {
    **{name: name for name in ("mode", "batch_size", "learning_rate", "seed", "epochs", "stop_at")},
    **{name: name for name in ("micro_batch_size", "shuffle", "sizes")},
    **{name: f"model.{name}" for name in ("activation", "loss", "bias", "output", "dtype")},
    **{name: f"repeat.{name}" for name in ("updates_per_batch", "tolerance")},
    "engine": "engine.name",
    "data": "data.name",
}
"""Columns of the table of runs that are params, each with its name in a run's config."""


@dataclass(frozen=True)
class Filled:
    """Runs of the tables that the store had, those that it had more than once, and those logged now."""

    present: int
    twice: int
    logged: int

    def __str__(self) -> str:
        """Say it in one line."""
        twice = f" ({self.twice} of them more than once)" if self.twice else ""
        return f"MLflow had {self.present} of the runs{twice}; {self.logged} logged"


def fill(
    store: Store, experiment: Experiment, tables: Path, parent: str, summary: Mapping[str, Any]
) -> Filled:
    """Log each run of the tables that the store lacks, under a parent; `summary` is of the prepared data."""
    with (tables / RUNS).open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    known = store.identities(experiment)
    weights = np.load(tables / STACKED, mmap_mode="r")
    data = DataSet(summary["name"], summary["digest"], summary["origin"], {"title": summary["title"]})
    logged = 0
    with (tables / HISTORIES).open(newline="") as stream:
        histories = groupby(csv.DictReader(stream), key=lambda line: line["identity"])
        history = {identity: list(lines) for identity, lines in histories if identity not in known}
    for row, theta in zip(rows, weights, strict=True):
        if row["identity"] not in known:
            _log(store, experiment, row, history.get(row["identity"], []), theta, parent, data)
            logged += 1
    counts = [known[row["identity"]] for row in rows if row["identity"] in known]
    return Filled(len(counts), sum(count > 1 for count in counts), logged)


def _log(
    store: Store,
    experiment: Experiment,
    row: Mapping[str, str],
    history: list[dict[str, str]],
    theta: np.ndarray,
    parent: str,
    data: DataSet,
) -> None:
    now = time.time()
    log = RunLog(
        store,
        experiment,
        name=f"{row['cell']} s{int(row['seed']):02d}",
        params={name: row[column] or "None" for column, name in PARAMS.items()},
        tags={
            "cell": row["cell"],
            "perbatch.identity": row["identity"],
            "perbatch.kind": "run",
            FILLED_TAG: "from the sweep's tables; trained elsewhere",
        },
        data=data,
        parent=parent,
        start=record.milliseconds(now),
    )
    evaluations = [
        {key: _number(value) for key, value in line.items() if key != "identity"} | {"training_seconds": 0.0}
        for line in history[:: -(-len(history) // record.POINTS) or 1]
    ]
    ends = []
    if history:
        last = {key: _number(row[key]) for key in (*record.FINAL, *record.SWEPT, "diverged_epoch")}
        stamp = int(row["presentations"]), record.milliseconds(now)
        values = record.numbers(last | {"status": row["status"]})
        ends = [Curve(name, [(*stamp, value)]) for name, value in values.items()]
    log.add([*record.curves(evaluations, now), *ends], record.DIVERGED if row["status"] == "diverged" else {})
    with tempfile.TemporaryDirectory() as folder:
        log.attach(_files(Path(folder), history, theta))
    log.end("FAILED" if row["status"] == "failed" else "FINISHED", record.milliseconds(now))


def _files(folder: Path, history: list[dict[str, str]], theta: np.ndarray) -> list[Path]:
    """The two files of a run's folder that the tables hold."""
    if not history:
        return []
    with (folder / HISTORY).open("w", newline="") as stream:
        columns = [key for key in history[0] if key != "identity"]
        writer = csv.DictWriter(stream, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(history)
    np.save(folder / WEIGHTS, np.array(theta))
    return [folder / HISTORY, folder / WEIGHTS]


def _number(text: str) -> float:
    """What does not apply is empty in a table, and nan, which is not logged, here."""
    return float(text or "nan")
