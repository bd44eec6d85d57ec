"""What is kept is listed, and what no table names is deleted, here and in MLflow, when told so."""

import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from filelock import FileLock
from mlflow import MlflowClient

import perbatch
from copies import environment
from perbatch import __main__ as shell
from perbatch.runs import identity, places
from perbatch.runs.folder import RunFolder
from perbatch.runs.planned import PlannedRun
from perbatch.sweep import locks, tables

Said = pytest.CaptureFixture[str]


@pytest.fixture
def folders(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> list[RunFolder]:
    """Two runs in MLflow, in a checkout of their own, of which no table knows."""
    monkeypatch.setattr(places, "CHECKOUT", workspace)
    monkeypatch.chdir(workspace)
    settings = {"batch_size": 32, "epochs": 1, "engine": "numpy"}
    return [perbatch.run(**settings, seed=seed).folders[0] for seed in (0, 1)]


def name_in_a_table(folder: RunFolder, place: Path) -> None:
    planned = [PlannedRun("", [], "", folder.row()["identity"], folder)]
    tables.write(planned, {}, '{"overrides": []}', place)


def listed(said: Said, *words: str) -> list[str]:
    """The folders that a command lists."""
    shell.main(list(words))
    return re.findall(r"runs/\w{64}$", said.readouterr().out, re.M)


def near(folder: RunFolder) -> str:
    return f"runs/{folder.path.name}"


def in_mlflow(workspace: Path) -> set[str]:
    """The names of the runs that MLflow shows."""
    client = MlflowClient(f"sqlite:///{workspace}/mlflow.db")
    return {run.info.run_name for run in client.search_runs(["1"])}


def test_the_list_says_what_each_run_is(folders: list[RunFolder], workspace: Path, capsys: Said) -> None:
    name_in_a_table(folders[0], workspace / "results" / "experiment" / "mine" / "train")
    stopped = RunFolder(workspace / "runs" / "stopped")
    with stopped.lock():
        stopped.begin(None)
    shell.main(["runs"])
    headings, *lines = capsys.readouterr().out.splitlines()
    assert headings.split() == ["name", "data", "sweep", "date", "state", "loss", "folder"]
    named, single = (next(line for line in lines if near(folder) in line) for folder in folders)
    loss = f"{folders[0].row()['validation_loss']:.4g}"
    assert re.search(rf" digits +results/experiment/mine +20\S+ \S+ +finished +{loss} ", named)
    assert {re.split(" {2,}", line)[0] for line in (named, single)} == in_mlflow(workspace)
    assert " -  " in single
    assert any("stopped  " in line and line.endswith("runs/stopped") for line in lines)
    assert perbatch.load("results/experiment/mine").runs["identity"].tolist() == [folders[0].path.name]


def test_the_runs_of_a_sweep_are_called_by_what_it_swept(here: SimpleNamespace, capsys: Said) -> None:
    """As MLflow calls them: the default too, where another value was swept."""
    results = here.root / "results" / "experiment" / "mine" / "train"
    grid = ("model.activation=relu,tanh", "batch_size=32", "epochs=1", "engine=numpy")
    here.call("-m", *grid, f"sweep.results={results}", "hydra/launcher=basic")
    capsys.readouterr()
    shell.main(["runs"])
    names = {re.split(" {2,}", line)[0] for line in capsys.readouterr().out.splitlines()[1:]}
    assert names == {"M0032 lr0.3 relu s00 epochs=1 numpy", "M0032 lr0.3 tanh s00 epochs=1 numpy"}
    assert names < in_mlflow(here.root)


def test_what_is_listed_is_deleted_when_told(folders: list[RunFolder], workspace: Path, capsys: Said) -> None:
    name_in_a_table(folders[0], workspace / "results" / "train")
    assert listed(capsys, "prune") == [near(folders[1])]
    assert folders[1].intact and len(in_mlflow(workspace)) == 2
    shell.main(["prune", "--yes"])
    assert "1 of 1 runs are deleted" in capsys.readouterr().out
    assert not folders[1].path.exists() and folders[0].intact
    assert in_mlflow(workspace) == {"M0032 lr0.3 s00 epochs=1 numpy"}
    assert listed(capsys, "prune") == []


def test_what_somebody_works_on_stays(folders: list[RunFolder], capsys: Said) -> None:
    with folders[0].lock():
        assert listed(capsys, "prune") == [near(folders[1])]
    with FileLock(locks.new()), pytest.raises(SystemExit, match="a sweep is at work"):
        shell.main(["prune", "--yes"])
    assert all(folder.intact for folder in folders)


def test_options_narrow_what_goes(
    folders: list[RunFolder], capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(listed(capsys, "prune", "--experiment", "digits")) == 2
    assert not listed(capsys, "prune", "--experiment", "other")
    old = folders[1].path / "run.json"
    os.utime(old, (0, 0))
    assert listed(capsys, "prune", "--days", "30") == [near(folders[1])]
    assert not listed(capsys, "prune", "--older-code")
    monkeypatch.setattr(identity, "code", lambda: "other code")
    assert len(listed(capsys, "prune", "--older-code")) == 2


@pytest.mark.slow
@pytest.mark.types("prune", "collect")
def test_the_commands_that_are_named_free_the_space(folders: list[RunFolder], workspace: Path) -> None:
    client = MlflowClient(f"sqlite:///{workspace}/mlflow.db")
    artifacts = {Path(run.info.artifact_uri.removeprefix("file://")) for run in client.search_runs(["1"])}
    # The root must be the workspace's: these commands delete, and the checkout's own runs are not the test's.
    shell_of_user = {**environment(), "DVC_ROOT": str(workspace)}
    command = f"{sys.executable} -m perbatch prune --experiment digits"
    for _ in ("the list", "the deletion"):
        done = subprocess.run(
            ["bash", "-c", command], env=shell_of_user, capture_output=True, text=True, check=True
        )
        found = re.search(r"`(.*)`", done.stdout)
        assert found, done.stdout
        command = found[1]
    assert all(folder.exists() for folder in artifacts)
    subprocess.run(["bash", "-c", command], env=shell_of_user, capture_output=True, check=True)
    assert not any(path.exists() for path in (*artifacts, *(folder.path for folder in folders)))
