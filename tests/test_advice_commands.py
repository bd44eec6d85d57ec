"""Advice that takes a process, typed in a shell; see test_advice_typed.py."""

import re
import shlex
import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from omegaconf import DictConfig, OmegaConf

from copies import copy_repository, environment
from perbatch.errors import UserError
from perbatch.launch import dask
from perbatch.tracking import locate, mounts, sqlite_file
from perbatch.tracking.mounts import Mount
from perbatch.tracking.stale import HOST_TAG, LOCK_TAG
from test_pipeline import OWN_STUDY, STUDY

pytestmark = pytest.mark.slow


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=400,
        stdin=subprocess.DEVNULL,
    )


def typed(said: str, pattern: str, folder: Path) -> str:
    """Type what the message says, as it stands there; return it."""
    found = re.search(pattern, said, re.M)
    assert found, said
    done = shell(found[1], folder)
    assert done.returncode == 0, done.stderr
    return found[1]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy whose grid and benchmark take seconds, where nothing was run."""
    root = tmp_path_factory.mktemp("advice") / "perbatch"
    copy_repository(root, {"conf/experiment/own.yaml": OWN_STUDY}, STUDY)
    params = OmegaConf.load(root / "params.yaml")
    params.benchmark.update(
        {"repeats": 1, "batch_size": [1, 8], "micro_batch_size": [4], "engine": ["numpy"]}
    )
    OmegaConf.save(params, root / "params.yaml")
    return root


@pytest.mark.types("repro", "make", "study")
def test_tables_that_are_missing_are_made(root: Path) -> None:
    (root / "results" / "benchmark" / "throughput.csv").unlink()
    evaluate = "python pipelines/evaluate.py"
    missing = r"^error: .* is missing: (.*)$"
    said = shell(evaluate, root).stderr
    assert typed(said, missing, root) == "dvc repro train"
    done = shell(evaluate, root)
    assert done.returncode == 0, done.stderr
    for study, makes in (("own", "python pipelines/study.py own"), ("powers_of_two", "dvc repro benchmark")):
        not_judged = rf"^not judged: {study}: .* is missing: (.*)$"
        assert typed(done.stderr, not_judged, root) == makes
    assert "is missing" not in shell(evaluate, root).stderr


@pytest.mark.types("make")
def test_folders_of_ones_own_are_made(root: Path) -> None:
    missing = r"^error: .* is missing(?: or damaged)?: (.*)$"
    assert shell("python pipelines/prepare.py data=digits", root).returncode == 0
    typed(shell("python pipelines/register.py 'results/experiment/by hand'", root).stderr, missing, root)
    assert shell("python pipelines/register.py 'results/experiment/by hand'", root).returncode == 0
    (root / "results" / "experiment" / "by hand" / "evaluate" / "report.html").unlink()
    publish = "python pipelines/publish.py 'results/experiment/by hand'"
    assert typed(shell(publish, root).stderr, missing, root).startswith("python pipelines/evaluate.py ")
    assert shell(publish, root).returncode == 0
    shutil.rmtree(
        root / "results" / "experiment" / "own", ignore_errors=True
    )  # another test may have made it
    said = shell("python pipelines/evaluate.py results/experiment/own", root).stderr
    assert typed(said, missing, root) == "python pipelines/study.py own"
    assert "is missing" not in shell("python pipelines/evaluate.py results/experiment/own", root).stderr


@pytest.mark.types("restore")
def test_an_experiment_that_was_deleted(tmp_path: Path) -> None:
    store = locate(f"sqlite:///{tmp_path}/own store.db", tmp_path)
    store.client.delete_experiment(store.experiment("digits").key and "1")
    with pytest.raises(UserError, match="is deleted") as caught:
        store.experiment("digits")
    typed(str(caught.value), r"restore it with `(.*)`$", tmp_path)
    store.experiment("digits")


@pytest.mark.types("upgrade")
def test_a_store_of_an_older_mlflow(tmp_path: Path) -> None:
    """Where tables are missing too MLflow upgrades it unasked: it is refused as it looks with all of them."""
    from alembic import command
    from alembic.script import ScriptDirectory
    from mlflow.store.db.utils import _get_alembic_config
    from mlflow.store.tracking.dbmodels.initial_models import Base
    from sqlalchemy import create_engine

    database = tmp_path / "own store.db"
    uri = f"sqlite:///{database}"
    config = _get_alembic_config(uri)
    scripts = ScriptDirectory.from_config(config)
    newest = str(scripts.get_current_head())
    older = str(scripts.get_revision(newest).down_revision)
    sqlite_file.make(database)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [older])
    store = locate(uri, tmp_path)
    with pytest.raises(UserError, match="belongs to another version") as caught, store.one_sentence():
        store.experiment("digits")
    database.unlink()
    engine = create_engine(uri)
    Base.metadata.create_all(engine)
    command.upgrade(config, older)
    engine.dispose()
    typed(str(caught.value), r"call `(.*)`$", tmp_path)
    assert sqlite_file.read(database, "SELECT version_num FROM alembic_version") == newest
    database.rename(tmp_path / "new.db")  # MLflow's engine in this process has the first file open
    locate(f"sqlite:///{tmp_path}/new.db", tmp_path).experiment("digits")


@pytest.mark.types("end_run")
def test_a_dead_machine_at_work_on_a_network_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mounts, "_mounts", lambda: [Mount(str(tmp_path), "lustre", "rw")])
    database = tmp_path / "own store.db"
    store = locate(f"sqlite:///{database}", tmp_path)
    experiment = store.client.create_experiment("digits")
    store.client.create_run(experiment, tags={HOST_TAG: "dead", LOCK_TAG: str(tmp_path / "lock")})
    with pytest.raises(UserError, match="if dead is dead") as caught:
        mounts.check(database)
    typed(str(caught.value), r"is dead, `(.*)` ends its run$", tmp_path)
    mounts.check(database)


@pytest.fixture
def started(tmp_path: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    running: list[subprocess.Popen[bytes]] = []
    yield running
    for process in reversed(running):
        process.terminate()
        process.wait(30)


@pytest.mark.types("CLUSTER", "CLUSTER_VARIABLE", "SCHEDULER", "worker")
def test_a_cluster_that_is_not_there(
    tmp_path: Path, started: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask, "CONNECT_SECONDS", 2)

    def refusal(address: str | None) -> str:
        try:
            dask.check(DictConfig({"address": address, "no_worker_timeout_min": 1}))
        except UserError as error:
            return str(error)
        return ""

    said = refusal(None)
    override = re.search(r"Give hydra\.launcher\.address=(\S+) or set (\w+);", said)
    assert override
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = override[1].replace("HOST:8786", f"127.0.0.1:{port}")
    monkeypatch.setenv(override[2], address)
    launcher = OmegaConf.load(Path(__file__).parents[1] / "conf" / "hydra" / "launcher" / "dask.yaml")
    assert launcher.address == address
    assert "must be of the form" in refusal("moon")
    said = refusal(address)
    commands = re.findall(r"`(dask .*?)`", said)
    assert len(commands) == 2

    def start(command: str, *more: str) -> None:
        words = [*shlex.split(command.replace("ADDRESS", address)), *more]
        silent = subprocess.DEVNULL
        started.append(subprocess.Popen(words, cwd=tmp_path, env=environment(), stdout=silent, stderr=silent))

    def comes(expected: str) -> bool:
        end = time.monotonic() + 60
        while (found := refusal(address)) != expected and expected not in (found or " "):
            if time.monotonic() > end:
                return False
        return True

    start(commands[0], "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
    start(f"dask worker {address} --nthreads 2", "--no-dashboard")
    assert comes("runs several jobs in one process")
    again = re.search(r"start it as `(.*?)`", refusal(address))
    assert again
    started[-1].terminate()
    started.pop().wait(30)
    start(again[1], "--no-dashboard")
    assert comes("")
    assert again[1] == commands[1].replace("ADDRESS", address)
