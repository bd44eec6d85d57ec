"""What MLflow lost is said, each on its own, and filled again by the same sweep, which trains nothing."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from perbatch.runs.folder import RunFolder
from perbatch.runs.planned import PlannedRun
from perbatch.sweep import lost
from perbatch.tracking import locate
from servers import free_port

SWEEP = ("-m", "epochs=1", "engine=numpy", "hydra/launcher=basic", "seed=0,1,2")


def runs(root: Path) -> dict[str, Run]:
    """MLflow's runs by their names."""
    client = MlflowClient(f"sqlite:///{root}/mlflow.db")
    found = client.search_runs([client.get_experiment_by_name("digits").experiment_id])
    return {run.info.run_name: run for run in found if "cell" in run.data.tags}


def artifacts(run: Run) -> Path:
    return Path(run.info.artifact_uri.removeprefix("file://"))


def test_the_same_sweep_fills_what_was_lost(here: SimpleNamespace, capfd: pytest.CaptureFixture[str]) -> None:
    here.call(*SWEEP)
    before = runs(here.root)
    stamps = {path: path.stat().st_mtime_ns for path in here.root.glob("runs/*/run.json")}
    collected, bare, deleted = (before[f"M0032 lr0.3 s0{seed} epochs=1 numpy"] for seed in range(3))
    held = {path.name: path.read_bytes() for path in artifacts(bare).iterdir()}
    client = MlflowClient(f"sqlite:///{here.root}/mlflow.db")
    client.delete_run(collected.info.run_id)
    client.delete_run(deleted.info.run_id)
    store = SqlAlchemyStore(f"sqlite:///{here.root}/mlflow.db", "unused")
    store._hard_delete_run(collected.info.run_id)  # as `mlflow gc` does
    store.engine.dispose()
    shutil.rmtree(artifacts(collected))
    shutil.rmtree(artifacts(bare))
    capfd.readouterr()
    here.call(*SWEEP)
    said = capfd.readouterr().out
    assert "3 runs: 3 reused, 0 to train" in said
    assert "1 runs are not in MLflow any more: they are logged from their folders" in said
    assert "1 runs lack their artifacts in MLflow: they are filled from their folders" in said
    after = runs(here.root)
    assert set(after) == {
        "M0032 lr0.3 s00 epochs=1 numpy",
        "M0032 lr0.3 s01 epochs=1 numpy",
    }  # what a user deleted stays deleted
    assert after["M0032 lr0.3 s00 epochs=1 numpy"].data.metrics == collected.data.metrics
    assert after["M0032 lr0.3 s01 epochs=1 numpy"].info.run_id == bare.info.run_id
    assert {path.name: path.read_bytes() for path in artifacts(bare).iterdir()} == held
    assert {path: path.stat().st_mtime_ns for path in here.root.glob("runs/*/run.json")} == stamps
    here.call(*SWEEP)
    assert "MLflow" not in capfd.readouterr().out


def test_a_sweep_ends_with_its_best_run_and_its_tables(
    here: SimpleNamespace, capfd: pytest.CaptureFixture[str]
) -> None:
    place = here.root / "own" / "train"
    here.call(*SWEEP, f"sweep.results='{place}'")
    best, tables = capfd.readouterr().out.splitlines()[-2:]
    losses = {
        path: json.loads(path.read_text())["row"]["validation_loss"]
        for path in here.root.glob("runs/*/run.json")
    }
    assert best.endswith(f"in {min(losses, key=lambda path: losses[path]).parent}")
    assert tables == f"tables: {place}"


def test_a_server_that_died_since_the_sweep_began_does_not_end_it(tmp_path: Path) -> None:
    store = locate(f"http://127.0.0.1:{free_port()}", tmp_path)
    assert lost.mend(store, [])
    assert not lost.mend(store, [PlannedRun("", [], "digits", "", RunFolder(tmp_path))])
