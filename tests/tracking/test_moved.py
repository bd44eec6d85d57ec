"""A store whose checkout was moved or copied finds its artifacts and its champion in the new place."""

import logging
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from test_registry import NAMES, RAW, made

from perbatch.backprop import Network
from perbatch.tracking import DataSet, Registry, RunLog, locate

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # MLflow's, of type hints
LOCK = "perbatch.lock"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root, with a space in its name, that has one run with an artifact, and a champion."""
    root = tmp_path_factory.mktemp("first") / "the place"
    root.mkdir()
    (root / "curve.csv").write_text("x\n1\n")
    store = locate(None, root)
    experiment = store.experiment("digits")
    tags = {"perbatch.identity": "abc", "perbatch.kind": "run", LOCK: str(root / "runs/abc/.lock")}
    log = RunLog(store, experiment, "one", {}, tags, DataSet("digits", "d", "s", {}), None, 0)
    log.attach([root / "curve.csv"])
    log.end("FINISHED", 1)
    Registry(store, "digits").crown("abc", experiment, made(Network((6, 5, 3))), {})
    return root


def answers(root: Path, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    store = locate(None, root)
    store.settle()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store.uri)
    run = store.client.search_runs([store.experiment("digits").id], "tags.`perbatch.kind` = 'run'")[0]
    assert run.info.artifact_uri.startswith((root / "mlartifacts").as_uri())
    assert run.data.tags[LOCK] == str(root / "runs/abc/.lock")
    held = store.client.download_artifacts(run.info.run_id, "curve.csv")
    assert Path(held).read_text() == "x\n1\n"
    model = mlflow.pyfunc.load_model("models:/perbatch-digits@champion")
    return model.predict(pd.DataFrame(RAW, columns=NAMES))


def places(root: Path) -> str:
    with closing(sqlite3.connect(root / "mlflow.db")) as connection:
        return "\n".join(connection.iterdump())


@pytest.mark.parametrize("original", ["kept", "removed", "a file"])
def test_a_copy_uses_its_own_artifacts_and_its_own_champion(
    source: Path,
    original: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    old, new = tmp_path / "old", tmp_path / "new place"
    shutil.copytree(source, old)
    locate(None, old).settle()
    before = places(old)
    shutil.copytree(old, new)
    if original != "kept":
        shutil.rmtree(old)
    if original == "a file":
        old.write_text("now a file")
    caplog.clear()
    with caplog.at_level(logging.WARNING, "perbatch"):
        told = answers(new, monkeypatch)
        locate(None, new).settle()
    assert caplog.messages == [
        f"the MLflow store was moved here from {old}: its artifacts are now looked for here"
    ]
    assert np.isfinite(told["probability"]).all()
    assert old.as_uri() not in places(new) and f"{old}/" not in places(new)
    if original == "kept":
        assert places(old) == before


def test_a_store_that_was_moved_alone_keeps_its_artifacts(source: Path, tmp_path: Path) -> None:
    shutil.copy(source / "mlflow.db", tmp_path / "mlflow.db")
    before = places(tmp_path)
    locate(None, tmp_path).settle()
    assert places(tmp_path) == before


def test_another_name_of_the_same_place_changes_nothing(source: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(source)
    before = places(source)
    locate(None, tmp_path / "link").settle()
    assert places(source) == before


def test_what_is_no_store_is_left_to_others(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("this is no database")
    locate(None, tmp_path).settle()
    locate("http://127.0.0.1:1", tmp_path).settle()
    assert (tmp_path / "mlflow.db").read_text() == "this is no database"


def test_a_champion_whose_files_are_gone_is_none_and_gets_them_back(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "root"
    shutil.copytree(source, root)
    store = locate(None, root)
    store.settle()
    champion = Registry(store, "digits")
    assert champion.champion == "abc"
    shutil.rmtree(root / "mlartifacts")
    assert Registry(store, "digits").champion == ""
    served = made(Network((6, 5, 3)))
    assert champion.crown("abc", store.experiment("digits"), served, {}) == 1
    assert Registry(store, "digits").champion == "abc"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store.uri)
    told = mlflow.pyfunc.load_model("models:/perbatch-digits@champion").predict(
        pd.DataFrame(RAW, columns=NAMES)
    )
    assert np.isfinite(told["probability"]).all()
