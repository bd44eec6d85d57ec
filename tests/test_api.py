"""Results in Python, and a run of one's own: as the command line makes them."""

import doctest
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from omegaconf import DictConfig

import perbatch
from perbatch import api
from perbatch.errors import UserError
from perbatch.runs.folder import RunFolder
from perbatch.runs.planned import PlannedRun
from perbatch.runs.run import Run
from perbatch.sweep import record, tables

SMALL = {"batch_size": 32, "epochs": 1, "engine": "numpy"}


def test_importing_perbatch_imports_nothing_else() -> None:
    code = "import sys; before = set(sys.modules); import perbatch; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ours = {name for name in done.stdout.split() if name.startswith("perbatch")}
    assert ours == {"perbatch"}
    assert not {"numpy", "pandas", "hydra", "mlflow"} & set(done.stdout.split())


def test_the_examples_of_the_docstrings_work(workspace: Path) -> None:
    found = doctest.testmod(api)
    assert found.attempted > 10
    assert not found.failed


def test_a_run_is_that_of_the_command_line_and_is_logged(
    workspace: Path, composed: Callable[..., DictConfig]
) -> None:
    mine = perbatch.run(**SMALL, model={"hidden": [8]})
    identity = Run.of(composed("batch_size=32", "epochs=1", "engine=numpy", "model.hidden=[8]")).identity
    assert mine.runs["identity"].tolist() == [identity]
    folder = RunFolder(workspace / "runs" / identity)
    assert folder.intact
    assert folder.logged(record.store_of(None).peek("digits"))
    written = folder.written
    perbatch.run(**SMALL, model={"hidden": [8]})
    assert folder.written == written, "it was trained again"


def test_tables_and_run_folders_give_the_same(workspace: Path, tmp_path: Path) -> None:
    made = [perbatch.run(**SMALL, seed=seed).folders[0] for seed in (0, 1)]
    planned = [PlannedRun("", [], "", folder.row()["identity"], folder) for folder in made]
    tables.write(planned, {}, '{"overrides": []}', tmp_path / "own" / "train")
    one, other = perbatch.load(tmp_path / "own"), perbatch.load(workspace / "runs")
    assert set(one.runs["identity"]) == set(other.runs["identity"])
    assert len(one.history) == len(other.history)
    assert one.cells["n"].tolist() == other.cells["n"].tolist() == [2]
    assert one.cells["validation_loss"].iloc[0] == pytest.approx(one.runs["validation_loss"].mean())
    identity = one.runs["identity"].iloc[1]
    np.testing.assert_array_equal(one.weights(identity), other.weights(identity))
    data, row = one.data(), one.runs.iloc[1]
    answers = one.network(identity).predict(data.X_validation).argmax(axis=1)
    assert np.mean(answers == data.y_validation) == pytest.approx(row["validation_accuracy"])


def test_a_run_leaves_the_callers_logging_and_prints_nothing(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    before = list(root.handlers), root.level
    folder = perbatch.run(**SMALL).folders[0]
    assert (list(root.handlers), root.level) == before
    assert not capsys.readouterr().out
    assert "validation loss" in (folder.path / "train.log").read_text()


def test_a_single_run_says_that_its_batch_size_was_capped(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = perbatch.run(**SMALL | {"batch_size": 5000})
    assert run.runs["mode"].tolist() == ["full-batch"]
    assert "batch_size=5000: above the training part's 1000 examples" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"batch_size": 0}, "batch_size"), ({"epoch": 5}, "epoch"), ({"dry_run": True}, "dry_run")],
)
def test_a_wrong_setting_is_one_sentence_and_leaves_no_run(wrong: dict, said: str, workspace: Path) -> None:
    with pytest.raises(UserError, match=said):
        perbatch.run(**wrong)
    assert not list(workspace.glob("runs/*/run.json"))


def test_what_is_not_there_is_said(workspace: Path) -> None:
    with pytest.raises(UserError, match="nowhere"):
        perbatch.load("nowhere")


def test_cells_tell_apart_what_else_was_swept(workspace: Path) -> None:
    for activation in ("relu", "tanh"):
        perbatch.run(**SMALL, model={"activation": activation})
    cells = perbatch.load(workspace / "runs").cells
    assert cells[["activation", "n"]].to_numpy().tolist() == [["relu", 1], ["tanh", 1]]
