"""A sweep's tables, built from its run folders: runs.csv, history.csv and weights.npy; settings.json."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from hydra.types import RunMode
from omegaconf import DictConfig

from perbatch.files import replace, replacing
from perbatch.overrides import written
from perbatch.runs import identity
from perbatch.runs.planned import PlannedRun
from perbatch.sweep.calls import flat
from perbatch.sweep.compose import CachingLoader
from perbatch.sweep.plan import Plan

RUNS, HISTORY, WEIGHTS, SETTINGS = "runs.csv", "history.csv", "weights.npy", "settings.json"
NAMED = ("batch_size", "learning_rate", "repeat.updates_per_batch", "repeat.tolerance", "seed")
"""Keys that a run's row in the table of runs gives; whoever asks for that run names them."""


def write(runs: Sequence[PlannedRun], failed: Mapping[str, dict[str, Any]], settings: str, out: Path) -> None:
    """Write the tables of a sweep's runs, in its order; `failed` has the row of each identity that failed.

    Beside them `settings`, what the sweep ran with. Only reproducible values: no seconds, no paths.
    """
    complete = [run for run in runs if run.identity not in failed]
    rows = [failed.get(run.identity) or run.folder.row() for run in runs]
    thetas = [np.empty(0) if run.identity in failed else run.folder.theta() for run in runs]
    replace(out / RUNS, runs_csv(rows))
    with replacing(out / HISTORY) as stream:
        _write_history(stream, complete)
    with replacing(out / WEIGHTS) as stream:
        _write_npy(stream, _stack(thetas))
    replace(out / SETTINGS, settings)


def runs_csv(rows: Sequence[dict[str, Any]]) -> str:
    """Return the table of runs as CSV; what does not apply (None or nan) is empty."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: "" if value is None or value != value else value for key, value in row.items()})
    return text.getvalue()


def settings_json(
    plan: Plan, loader: CachingLoader, master: DictConfig, search: Mapping[str, Any] | None = None
) -> str:
    """Return what a sweep ran with: `overrides`, and `settings`, the resolved keys that all its runs share.

    Where a search asked for the runs there is `search` too, what it searched and how.

    The overrides together with the keys in `NAMED` make the run of any row of its table, by
    `python pipelines/train.py`, while `conf/` is as it was.
    """
    content: dict[str, Any] = {"overrides": overrides(plan, loader, master), "settings": plan.common}
    if search is not None:
        content["search"] = search
    return json.dumps(content, indent=1, sort_keys=True) + "\n"


def overrides(plan: Plan, loader: CachingLoader, master: DictConfig) -> list[str]:
    """Return the overrides that turn the defaults into what all runs of the plan share."""
    every = plan.runs[0].overrides
    data = [text for text in every if text.lstrip("+~").startswith(("data=", "data."))]
    shared = [text for text in data if all(text in run.overrides for run in plan.runs)]
    where: dict[str, Any] = {}
    if not any(text.startswith("data=") for text in data):  # an experiment's file may name the data set
        shared.insert(0, f"data={master.hydra.runtime.choices.data}")
        reader = loader.settings(master, every)["data"]["reader"]
        where = {f"data.reader.{key}": reader.get(key) for key in ("path", "licence")}  # not in an identity
    defaults = flat(loader.load_configuration("config", shared, RunMode.RUN), identity.IGNORED)
    common = plan.common | {key: value for key, value in where.items() if key in defaults}
    changed = {
        key: value for key, value in common.items() if key not in NAMED and defaults.get(key, ...) != value
    }
    return shared + [f"{'+' * (key not in defaults)}{key}={written(value)}" for key, value in changed.items()]


def _write_history(stream: BinaryIO, runs: Sequence[PlannedRun]) -> None:
    for number, run in enumerate(runs):
        header, *lines = run.folder.history().splitlines()
        text = "" if number else f"identity,{header}\n"
        stream.write((text + "".join(f"{run.identity},{line}\n" for line in lines)).encode())


def _write_npy(stream: BinaryIO, array: np.ndarray) -> None:
    # As NumPy does. Written to a file by NumPy, a full disk would be an error without a word of it.
    np.lib.format.write_array_header_1_0(stream, np.lib.format.header_data_from_array_1_0(array))
    stream.write(array.data)


def _stack(thetas: Sequence[np.ndarray]) -> np.ndarray:
    longest = max(theta.size for theta in thetas)
    stacked = np.full((len(thetas), longest), np.nan, np.result_type(*{theta.dtype for theta in thetas}))
    for row, theta in zip(stacked, thetas, strict=True):
        row[: theta.size] = theta
    return stacked
