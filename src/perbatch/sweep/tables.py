"""A sweep's tables, built from its run folders: runs.csv, history.csv and weights.npy; settings.json."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from perbatch.files import replace
from perbatch.runs.planned import PlannedRun

RUNS, HISTORY, WEIGHTS, SETTINGS = "runs.csv", "history.csv", "weights.npy", "settings.json"


def write(runs: Sequence[PlannedRun], failed: Mapping[str, dict[str, Any]], settings: str, out: Path) -> None:
    """Write the tables of a sweep's runs, in its order; `failed` has the row of each identity that failed.

    Beside them `settings`, what the sweep ran with. Only reproducible values: no seconds, no paths.
    """
    complete = [run for run in runs if run.identity not in failed]
    rows = [failed.get(run.identity) or run.folder.row() for run in runs]
    thetas = [np.empty(0) if run.identity in failed else run.folder.theta() for run in runs]
    replace(out / RUNS, runs_csv(rows))
    replace(out / HISTORY, _history(complete))
    buffer = io.BytesIO()
    np.save(buffer, _stack(thetas), allow_pickle=False)
    replace(out / WEIGHTS, buffer.getvalue())
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


def _history(runs: Sequence[PlannedRun]) -> str:
    parts: list[str] = []
    for run in runs:
        header, _, body = run.folder.history().partition("\n")
        if not parts:
            parts.append(f"identity,{header}\n")
        parts.extend(f"{run.identity},{line}\n" for line in body.splitlines())
    return "".join(parts)


def _stack(thetas: Sequence[np.ndarray]) -> np.ndarray:
    longest = max(theta.size for theta in thetas)
    return np.array([np.pad(theta, (0, longest - theta.size), constant_values=np.nan) for theta in thetas])
