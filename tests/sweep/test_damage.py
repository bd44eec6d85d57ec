"""Folders, stores, servers and disks that break: it is said, nothing finished is lost, training goes on."""

import os
import random
import resource
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress

import pytest

from processes import BASIC, GRID, JOBLIB, Place, kill, wait_for

SEED = 20260


def test_with_nothing_to_do_mlflow_is_not_imported(done: Place) -> None:
    said = done.run(*GRID, BASIC, python=("-X", "importtime"))
    assert "6 runs: 6 reused, 0 to train" in said
    assert "perbatch.tracking.store" in said
    assert not [line for line in said.splitlines() if line.split("|")[-1].strip().startswith("mlflow")]


@pytest.mark.parametrize("harmed", ["run.json", "history.csv", "timings.json"])
def test_a_damaged_folder_is_said_and_trained_again(done: Place, straight: Place, harmed: str) -> None:
    before, path = done.stamps(), sorted(done.root.glob(f"runs/*/{harmed}"))[2]
    path.write_text(path.read_text().replace("2", "3", 1))
    said = done.run(*GRID, BASIC, status=0) if harmed == "run.json" else plan(done)
    assert f"{path} is damaged: the run is trained again" in said
    assert "6 runs: 5 reused, 1 to train" in said
    if harmed == "run.json":
        changed = {identity for identity, stamp in done.stamps().items() if before[identity] != stamp}
        assert changed == {path.parent.name}
        assert done.tables() == straight.tables()


def plan(place: Place) -> str:
    return place.run(*GRID, BASIC, "dry_run=true")


def test_a_sweep_leaves_its_store_in_one_file(done: Place) -> None:
    """What is still in SQLite's write-ahead log is lost to who copies the file."""
    assert [path.name for path in done.root.glob("mlflow.db*")] == ["mlflow.db"]


@pytest.mark.slow
def test_a_corrupt_store_is_said_and_never_overwritten(done: Place) -> None:
    store = done.root / "mlflow.db"
    rotten = random.Random(SEED).randbytes(store.stat().st_size)
    store.write_bytes(rotten)
    said = done.run(*GRID, BASIC, "batch_size=8,full,64", status=1)
    assert "mlflow.db is broken (file is not a database); move it away, and the next sweep fills" in said
    assert "Traceback" not in said
    assert store.read_bytes() == rotten
    kept = done.stamps()
    assert len(kept) == 6
    for path in done.root.glob("mlflow.db*"):
        path.rename(path.with_suffix(".away"))
    assert "6 runs: 6 reused, 0 to train" in done.run(*GRID, BASIC)
    assert done.stamps() == kept
    assert done.logged() == dict.fromkeys(kept, 1)


def test_a_store_of_another_mlflow_is_one_sentence(done: Place) -> None:
    store = done.root / "mlflow.db"
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")
    said = done.run(*GRID, BASIC, "batch_size=8,full,64", status=1)
    assert said.splitlines()[-1].startswith(
        f"error: the MLflow store sqlite:///{store} belongs to another version"
    )
    assert "Traceback" not in said
    assert len(done.stamps()) == 6


@pytest.mark.slow
def test_a_server_that_dies_in_mid_sweep_stops_no_training(place: Place) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address, store = f"http://127.0.0.1:{port}", f"sqlite:///{place.root}/mlflow.db"
    place.root.mkdir()
    options = ["--workers", "1", "--host", "127.0.0.1", "--port", str(port), "--backend-store-uri", store]
    options += ["--no-serve-artifacts", "--default-artifact-root", (place.root / "mlartifacts").as_uri()]
    server = subprocess.Popen(
        [sys.executable, "-m", "mlflow", "server", *options],
        cwd=place.root,
        env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        wait_for(lambda: answers(port), server, pause=0.2)
        grid = ("batch_size=1", "seed=0,1,2,3", "epochs=30", BASIC)
        process = place.start(*grid, f"tracking.uri={address}")
        wait_for(lambda: place.logged(), process)
    finally:
        kill(server)
    said = place.end(process)
    assert said.count("not logged to MLflow") == 1, said
    assert "it is kept in its folder, and the next sweep logs it" in said
    assert "Traceback" not in said
    kept = place.stamps()
    assert len(kept) == 4
    assert len(place.logged()) < 4
    # The same store, without its server: the next sweep fills it and trains nothing.
    assert "4 reused" in place.run(*grid, f"tracking.uri={store}")
    assert place.stamps() == kept
    assert place.logged() == dict.fromkeys(kept, 1)
    assert place.statuses()["RUNNING"] == place.statuses("sweep")["RUNNING"] == 0


def answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def shut(place: Place) -> None:
    """Let SQLite say what it says of a file that may not be written any more, for root too."""
    with closing(sqlite3.connect(place.root / "mlflow.db", timeout=30)) as connection, connection:
        connection.execute(
            "CREATE TRIGGER shut BEFORE INSERT ON runs "
            "BEGIN SELECT RAISE(ABORT, 'attempt to write a readonly database'); END"
        )


def test_a_store_that_takes_no_sweep_is_one_sentence(done: Place) -> None:
    shut(done)
    said = done.run(*GRID, BASIC, "batch_size=8,full,64", status=1)
    assert said.splitlines()[-1].startswith(
        f"error: the MLflow store sqlite:///{done.root}/mlflow.db took no run"
    )
    assert "Traceback" not in said
    assert len(done.stamps()) == 6


@pytest.mark.slow
def test_a_store_that_becomes_read_only_in_mid_sweep_stops_no_training(place: Place) -> None:
    grid = ("batch_size=1", "seed=0,1,2,3", "epochs=30")
    process = place.start(*grid, *JOBLIB)
    wait_for(lambda: place.logged(), process)
    shut(place)
    said = place.end(process)
    assert said.count("not logged to MLflow") == 1, said
    assert "Traceback" not in said
    kept = place.stamps()
    assert len(kept) == 4
    assert len(place.logged()) < 4
    with closing(sqlite3.connect(place.root / "mlflow.db", timeout=30)) as connection, connection:
        connection.execute("DROP TRIGGER shut")
    assert "4 reused" in place.run(*grid, BASIC)
    assert place.stamps() == kept
    assert place.logged() == dict.fromkeys(kept, 1)


@pytest.mark.slow
def test_a_full_disk_costs_only_what_no_longer_fits(place: Place) -> None:
    """A limit on the size of a file stands in for the disk: the weights of one of the runs are above it."""
    grid = ("model.hidden=[4],[20000],[8]", "batch_size=full", "epochs=1", BASIC)
    place.run("seed=9", "epochs=1", BASIC)  # the store is there: it must not be what is too large
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8_000_000, before[1]))
    try:
        process = place.start(*grid)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    said = place.end(process, status=1)
    assert "File too large" in said
    assert "1 of 3 runs failed" in said.splitlines()[-1]
    assert "Traceback" not in said
    kept = place.stamps()
    assert len(kept) == 3
    assert "3 runs: 2 reused, 1 to train" in place.run(*grid)
    assert len(place.stamps()) == 4
    assert kept.items() < place.stamps().items()
