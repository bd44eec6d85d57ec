"""After `evaluate`: attach the report, its tables and its figures to the sweep's parent run in MLflow.

Beside the runs of the sweep it logs the cells: a run for each mode, batch size and rate, over all its seeds.

Results do not depend on it: it may be repeated, or missing. Where they are attached already it does nothing.
With --fill it first logs the runs of the tables that the store lacks: `dvc pull` fetches none of MLflow's.
"""

import checkout  # isort: skip

import argparse
import json
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from perbatch import advice, analysis
from perbatch.errors import UserError
from perbatch.files import digest as content_digest
from perbatch.files import replace
from perbatch.runs import provenance
from perbatch.runs.places import PREPARED, runs
from perbatch.runs.run import data_name
from perbatch.runs.scoring import summary_of
from perbatch.sweep import refill
from perbatch.sweep.cli import command
from perbatch.sweep.params import block
from perbatch.sweep.record import experiment_of, store_of
from perbatch.sweep.tables import SETTINGS
from perbatch.tracking import SweepLog, notes, views
from perbatch.tracking.cells import log_cells
from perbatch.tracking.server import ADDRESS
from perbatch.tracking.sweep_log import tags_of

FILES = (
    *("evaluate/report.html", "evaluate/comparison.csv", "evaluate/metrics.json", "evaluate/answers.json"),
    "train/runs.csv",
)
FIGURES = "evaluate/figures"
SHOWN = {"cells": "3"}
"""What a marker must say too, so that what an earlier version attached is completed."""


def main(folder: Path, fill: bool) -> None:
    """Attach what FOLDER holds to the parent of exactly its runs, made where there is none."""
    files = [folder / name for name in FILES]
    if missing := [path for path in (*files, folder / FIGURES) if not path.exists()]:
        raise UserError(f"{missing[0]} is missing: {advice.make(folder / 'evaluate')}")
    table = pd.read_csv(folder / "train" / "runs.csv", usecols=["identity", "data"])
    members, summary = table["identity"].tolist(), summary_of(PREPARED / str(table["data"].iloc[0]))
    name = data_name(summary["settings"])
    store = store_of(os.environ.get(ADDRESS))
    digest = content_digest(b"".join(path.read_bytes() for path in files))
    marker = runs() / f"published-{name}.json"
    published = _published(marker)
    known = {"experiment": store.peek(name), "digest": digest, "parent": published.get("parent", ""), **SHOWN}
    if not fill and published == known and not any(store.lost_of([known["parent"]])):
        return
    store.check()
    with store.one_sentence():
        experiment = experiment_of(store, name)
        parent = SweepLog(store, experiment)
        if not parent.find(members):
            called = f"sweep of {len(members)} runs, from its tables"
            tags = tags_of(members, len(members), advice.repro("train"), {})
            parent.start(called, provenance.tags() | tags)
            parent.end("FINISHED", {}, [])
        if fill:
            filled = refill.fill(store, experiment, folder / "train", parent.id)
            sys.stderr.write(f"{filled}\n")
        answered = json.loads((folder / "evaluate" / "answers.json").read_text(encoding="utf-8"))
        answers = "\n\n".join(answered[question]["sentence"] for question in ("when", "again"))
        log_cells(store, experiment, parent.id, cells_of(folder))
        parent.publish(notes.published(answers, experiment.id, parent.id), files, folder / FIGURES)
    said = {
        "cells": views.address(experiment.id, parent.id),
        "report": views.artifact(experiment.id, parent.id, "report.html"),
    }
    for what, below in said.items():
        sys.stderr.write(f"MLflow, {what}: {views.whole(store.uri, below)}\n")
    replace(marker, json.dumps(known | {"experiment": experiment.key, "parent": parent.id}))


def cells_of(folder: Path) -> list[dict[str, object]]:
    """Return the cells of FOLDER's runs, at the first target, by the names that MLflow has for them.

    Those at the best values of a search say so, by its short name, as its runs do.
    """
    tables = analysis.read_tables(folder / "train", checkout.ROOT / "results" / "benchmark")
    y_train = np.load(PREPARED / tables.data / "y_train.npy")
    sweep = analysis.build_sweep(tables, analysis.check_settings(block("evaluate")), y_train)
    calls = refill.calls_of(folder / "train")
    search = json.loads((folder / "train" / SETTINGS).read_text(encoding="utf-8")).get("search", {})
    best = set(search.get("best", ()))

    def told(runs: pd.DataFrame) -> dict[str, object]:
        first = runs.iloc[0]
        cell, name = calls.names(first["identity"], first["cell"], first["cell"])
        tag = {"best": search["identity"][:12]} if runs["identity"].isin(best).any() else {}
        return {"cell": cell, "name": name, **tag}

    return analysis.cell_rows(sweep, told)


def _published(marker: Path) -> dict[str, str]:
    try:
        return dict(json.loads(marker.read_text()))
    except (OSError, ValueError):
        return {}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fill", action="store_true", help="log the runs that the store lacks")
    parser.add_argument("folder", nargs="?", type=Path, default=checkout.ROOT / "results", metavar="FOLDER")
    given = parser.parse_args()
    command(lambda: main(given.folder, given.fill))
