"""A store of version 0.1.0, with a sweep of eight runs of which one was trained again: nothing of it is lost.

It was made with that version's own scripts, and lay in /home/reader/perbatch.
"""

import json
import lzma
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from mlflow.db import upgrade

from perbatch.tracking import Store, SweepLog, locate
from perbatch.tracking.cells import log_cells

RELEASED = Path(__file__).with_name("mlflow-0.1.0.db.xz")
LEFT = "/home/reader/perbatch"
TABLES = {
    "experiments": "experiment_id, name, artifact_location, lifecycle_stage, creation_time",
    "runs": "run_uuid, name, status, start_time, end_time, artifact_uri, experiment_id, lifecycle_stage",
    "params": "run_uuid, key, value",
    "tags": "run_uuid, key, value",
    "metrics": "run_uuid, key, step, timestamp, value, is_nan",
    "latest_metrics": "run_uuid, key, step, timestamp, value, is_nan",
    "datasets": "dataset_uuid, experiment_id, name, digest, dataset_source, dataset_profile",
    "inputs": "input_uuid, source_id, destination_id",
}


def rows(database: Path) -> Mapping[str, list[tuple[object, ...]]]:
    """All that the store's tables hold of runs."""
    with closing(sqlite3.connect(database)) as store:
        return {
            table: sorted(store.execute(f"SELECT {columns} FROM {table}"), key=repr)
            for table, columns in TABLES.items()
        }


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """The store's file, in a checkout that was moved here, as `mlflow db upgrade` leaves it."""
    database = tmp_path / "mlflow.db"
    database.write_bytes(lzma.decompress(RELEASED.read_bytes()))
    (tmp_path / "mlartifacts").mkdir()
    upgraded = CliRunner().invoke(upgrade, [f"sqlite:///{database}"])
    assert upgraded.exit_code == 0, upgraded.output
    return database


@pytest.fixture
def store(released: Path) -> Store:
    found = locate(None, released.parent)
    found.settle()
    return found


def test_it_opens_with_all_it_had_where_it_is_now(released: Path, store: Store) -> None:
    before = json.dumps(rows(released))
    experiment = store.experiment("digits")
    assert experiment.key == store.peek("digits") == "43b54cd6ba244634a0fe0189c2e3b48e"
    assert json.dumps(rows(released)) == before
    untouched = released.with_name("untouched.db")
    untouched.write_bytes(lzma.decompress(RELEASED.read_bytes()))
    moved = json.dumps(rows(untouched)).replace(LEFT, str(released.parent))
    # MLflow's own experiment, which is empty, stays as it was.
    assert before == moved.replace(f"{released.parent}/mlruns", f"{LEFT}/mlruns")
    run = store.client.search_runs([experiment.id], "tags.cell = 'M0032 lr0.3'")[0]
    assert len(store.client.get_metric_history(run.info.run_id, "validation/loss")) > 5


def test_its_pages_become_those_of_today(store: Store) -> None:
    before = store.client.get_experiment_by_name("digits")
    store.experiment("digits")
    after = store.client.get_experiment_by_name("digits")
    assert after.tags.keys() >= before.tags.keys()
    assert after.tags["mlflow.note.content"] != before.tags["mlflow.note.content"]
    for view, count in (("runs", 9), ("cells", 0)):
        shown = json.loads(after.tags[f"mlflow.sharedViewState.{view}"])["searchFilter"]
        assert len(store.client.search_runs([after.experiment_id], shown)) == count


def test_it_takes_what_is_logged_today(store: Store) -> None:
    experiment = store.experiment("digits")
    ended = store.identities(experiment)
    assert sorted(ended.values()) == [1] * 7 + [2]
    log = SweepLog(store, experiment)
    assert log.find(list(ended))
    row = {"cell": "M0032 lr0.3", "name": "M0032 lr0.3", "seeds": "reported", "n": 2}
    assert log_cells(store, experiment, log.id, [row]) == 1
    twice = next(identity for identity, count in ended.items() if count == 2)
    condition = f"tags.`perbatch.identity` = '{twice}'"
    newest, older = store.client.search_runs([experiment.id], condition)
    assert store.older(experiment, {twice: newest.info.run_id}) == [older.info.run_id]
    store.mark_replaced([older.info.run_id])
    assert set(store.identities(experiment).values()) == {1}
