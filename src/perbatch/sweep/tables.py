"""A sweep's tables, built from its run folders: runs.csv, history.csv and weights.npy."""

import csv
import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from perbatch.sweep.plan import PlannedRun

RUNS, HISTORY, WEIGHTS = "runs.csv", "history.csv", "weights.npy"


def write(runs: Sequence[PlannedRun], failed: Mapping[str, dict[str, Any]], out: Path) -> None:
    """Write the tables of a sweep's runs, in its order; `failed` has the row of each identity that failed.

    Only reproducible values: no seconds, no paths. A file is replaced whole or not at all.
    """
    out.mkdir(parents=True, exist_ok=True)
    complete = [run for run in runs if run.identity not in failed]
    rows = [failed.get(run.identity) or run.folder.row() for run in runs]
    thetas = [np.empty(0) if run.identity in failed else run.folder.theta() for run in runs]
    _replace(out / RUNS, runs_csv(rows).encode())
    _replace(out / HISTORY, _history(complete).encode())
    buffer = io.BytesIO()
    np.save(buffer, _stack(thetas), allow_pickle=False)
    _replace(out / WEIGHTS, buffer.getvalue())


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


def _replace(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f".{path.name}.tmp")
    unfinished.write_bytes(content)
    os.replace(unfinished, path)
