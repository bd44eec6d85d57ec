"""Filling an MLflow store from a sweep's tables, where the run folders are on another machine.

A run's folder is made again from the tables, for as long as logging it takes, and logged as any other. So a
filled run has what a trained one has, but for `LOST`.
"""

import csv
import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas as pd
from hydra import compose
from omegaconf import DictConfig, OmegaConf

from perbatch import overrides
from perbatch.errors import UserError
from perbatch.runs.folder import RunFolder
from perbatch.runs.planned import PlannedRun
from perbatch.runs.run import Run
from perbatch.runs.scoring import Weights
from perbatch.sweep import record, resolvers
from perbatch.sweep.calls import Calls, defaults
from perbatch.sweep.tables import HISTORY, RUNS, SETTINGS
from perbatch.tracking import Experiment, Store

FILLED = {"perbatch.filled": "from the sweep's tables; trained elsewhere"}
LOST = {
    "final/training_seconds": "seconds are not in the tables, which are the same on every machine",
    "times of a run and of its points": "all are the time of the filling, for the same reason",
    "tags of commit, host and process": "they would be those of the filling; perbatch.filled stands for them",
}
"""What a filled run lacks, each with the reason."""


@dataclass(frozen=True)
class Count:
    """Runs of the tables that the store had, those that it had more than once, and those logged now."""

    present: int
    twice: int
    logged: int

    def __str__(self) -> str:
        """Say it in one line."""
        twice = f" ({self.twice} of them more than once)" if self.twice else ""
        return f"MLflow had {self.present} of the runs{twice}; {self.logged} logged"


def fill(store: Store, experiment: Experiment, tables: Path, parent: str) -> Count:
    """Log each run of the tables that the store lacks, under a parent; a UserError if they are of others."""
    rows = _rows(tables)
    known = store.identities(experiment)
    weights = Weights(tables)
    with (tables / HISTORY).open(newline="") as stream:
        histories = groupby(csv.DictReader(stream), key=lambda line: line["identity"])
        history = {name: list(lines) for name, lines in histories if name not in known}
    missing = [row for row in rows if row["identity"] not in known]
    calls = calls_of(tables)
    with resolvers.composing():
        config = compose("config", [*_ran_with(tables)["overrides"], f"tracking.parent={parent}"])
    budget = overrides.budget(rows)
    for row in missing:
        _log(calls, _run_of(config, row, budget), row, history.get(row["identity"], []), weights)
    counts = [known[row["identity"]] for row in rows if row["identity"] in known]
    return Count(len(counts), sum(count > 1 for count in counts), len(missing))


def calls_of(tables: Path) -> Calls:
    """Return what the runs of a sweep's tables are called, and their cells."""
    rows, common = _rows(tables), _ran_with(tables)["settings"]
    budget = overrides.budget(rows)
    with resolvers.composing() as loader:
        calls = Calls(defaults(loader, None))
    for row in rows:
        calls.take(row["identity"], common | overrides.of_run(row, budget))
    return calls


def _rows(tables: Path) -> list[dict[str, Any]]:
    table = pd.read_csv(tables / RUNS, float_precision="round_trip", keep_default_na=False, na_values=[""])
    return table.astype(object).where(table.notna(), None).to_dict("records")


def _ran_with(tables: Path) -> dict[str, Any]:
    return dict(json.loads((tables / SETTINGS).read_text(encoding="utf-8")))


def _run_of(config: DictConfig, row: Mapping[str, Any], budget: Sequence[str]) -> Run:
    """Return the row's run; the config becomes its; a UserError where `conf/` makes another one of it."""
    for key, value in overrides.of_run(row, budget).items():
        OmegaConf.update(config, key, value)
    run = Run.of(config)
    made = run.describe()
    differ = [key for key in made if key != "identity" and made[key] != row[key]]
    if differ:
        raise UserError(
            f"{run.name}: {differ[0]} is {row[differ[0]]} in the tables and {made[differ[0]]} by "
            "conf/: they cannot be logged as runs of it"
        )
    return run


def _log(
    calls: Calls, run: Run, row: Mapping[str, Any], history: Sequence[Mapping[str, str]], weights: Weights
) -> None:
    now = time.time()
    columns = [key for key in (history or [{}])[0] if key != "identity"]
    lines = [",".join(columns), *(",".join(line[key] for key in columns) for line in history)]
    timings: dict[str, Any] = {"start": now, "end": now, "training_seconds": float("nan")}
    timings["at_evaluation"] = [0.0] * len(history)
    with tempfile.TemporaryDirectory() as scratch:
        folder = RunFolder(Path(scratch))
        if row["status"] != "failed":
            text, theta = "\n".join(lines) + "\n", weights[row["identity"]]
            folder.write(run.settings, text, theta, timings, dict(row))
        cell, name = calls.names(row["identity"], run.cell, run.name)
        with PlannedRun(name, [], run.experiment, run.identity, folder, cell=cell).expected():
            record.log_where_missing(folder, run, {"perbatch.identity": row["identity"], **FILLED})
