"""Sweeps killed, stopped, starved or run into each other: nothing is lost, trained twice or left open."""

import os
import random
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest

from processes import Place, Process, copy_checkout, kill, wait_for

BASIC = "hydra/launcher=basic"
JOBLIB = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
GRID = ("batch_size=8,full", "learning_rate=0.1", "seed=0,1,2", "epochs=15")
LONG = ("batch_size=1", "epochs=3000")  # a run takes far longer than any of these tests waits
SEED = 20260


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Path:
    return copy_checkout(tmp_path_factory.mktemp("checkout"), prepared)


@pytest.fixture
def place(tmp_path: Path, checkout: Path) -> Place:
    return Place(tmp_path / "root", checkout)


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> Place:
    """The grid, trained without any disturbance."""
    place = Place(tmp_path_factory.mktemp("straight"), checkout)
    place.run(*GRID, BASIC)
    return place


@pytest.fixture
def done(straight: Place, tmp_path: Path) -> Place:
    """A copy of what the undisturbed sweep left, to be harmed."""
    shutil.copytree(straight.root, tmp_path / "done")
    return Place(tmp_path / "done", straight.checkout)


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


def test_a_corrupt_store_is_said_and_never_overwritten(done: Place) -> None:
    store = done.root / "mlflow.db"
    rotten = random.Random(SEED).randbytes(store.stat().st_size)
    store.write_bytes(rotten)
    said = done.run(*GRID, BASIC, "batch_size=8,full,64", status=1)
    assert "mlflow.db cannot be written (file is not a database)" in said
    assert "Traceback" not in said
    assert store.read_bytes() == rotten
    assert len(done.stamps()) == 6


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
def test_killed_in_every_phase_it_goes_on_where_it_was(place: Place, straight: Place) -> None:
    draw = random.Random(SEED)
    print(f"seed {SEED}")

    def after(
        condition: Callable[[], object], delay: float = 0.0, launcher: tuple[str, ...] = (BASIC,)
    ) -> None:
        process = place.start(*GRID, *launcher)
        wait_for(condition, process, pause=0.0005)
        time.sleep(delay)
        kill(process)
        phases[place.phase()] += 1
        seen.append(place.stamps())

    phases: Counter[str] = Counter()
    seen: list[dict[str, int]] = []
    after(lambda: True, draw.uniform(0.1, 0.9))
    after(lambda: list(place.root.glob("mlflow.db.unfinished*")), draw.uniform(0.0, 0.3))
    after(lambda: place.folders(".started"), draw.uniform(0.0, 0.05))
    after(lambda: place.folders("config.json", "run.json"))
    after(lambda: place.folders("run.json", "logged.json"))
    after(lambda: place.folders(".started", "run.json"), 0.05, JOBLIB)
    after(lambda: place.folders("run.json", "logged.json"), draw.uniform(0.0, 0.02))
    said = place.run(*GRID, BASIC)
    print(dict(phases), said)
    for phase in ("planning", "store creation", "training", "writing a folder", "logging"):
        assert phases[phase] > 0, phases
    final = place.stamps()
    assert len(final) == 6
    assert [stamps for stamps in seen if not stamps.items() <= final.items()] == []
    assert place.tables() == straight.tables()
    assert place.logged() == dict.fromkeys(final, 1)
    assert place.statuses()["RUNNING"] == place.statuses("sweep")["RUNNING"] == 0
    assert place.statuses("sweep")["KILLED"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("launcher", [(BASIC,), JOBLIB], ids=["basic", "joblib"])
def test_interrupted_it_ends_within_seconds_and_says_how_to_go_on(
    place: Place, launcher: tuple[str, ...]
) -> None:
    process = place.start(*LONG, "seed=0,1,2", *launcher)
    if launcher == JOBLIB:
        # A run shows in MLflow once it takes longer than ten seconds: such a one could be left RUNNING.
        wait_for(lambda: place.statuses()["RUNNING"], process, pause=0.1)
    else:
        wait_for(lambda: place.folders(".started"), process)
    os.killpg(process.pid, signal.SIGINT)
    start = time.monotonic()
    said = place.end(process, status=130)
    assert time.monotonic() - start < 10
    assert said.splitlines()[-1] == "stopped: what is complete is kept; the same command goes on from there"
    assert "Traceback" not in said
    assert set(place.statuses()) == {"KILLED"}
    assert place.statuses("sweep") == {"KILLED": 1}
    assert place.stamps() == {}


@pytest.mark.slow
def test_two_sweeps_at_once_train_each_run_once(place: Place) -> None:
    grids = [("batch_size=8,16,full", "seed=0,1,2,3"), ("batch_size=full,16,8,32", "seed=3,2,1")]
    both = [place.start(*grid, "epochs=15", BASIC) for grid in grids]
    for process in both:
        place.end(process)
    assert len(place.stamps()) == 15
    assert place.logged() == dict.fromkeys(place.stamps(), 1)
    assert place.statuses() == {"FINISHED": 15}
    assert place.statuses("sweep") == {"FINISHED": 2}


@pytest.mark.slow
def test_a_worker_that_dies_costs_its_run_only(place: Place) -> None:
    grid = ("batch_size=1", "seed=0,1,2,3,4", "epochs=40")
    process = place.start(*grid, *JOBLIB)
    wait_for(lambda: place.folders(".started"), process)
    victim = place.folders(".started")[0]
    kills = threading.Thread(target=kill_whoever_trains, args=(process, victim), daemon=True)
    kills.start()
    said = place.end(process, status=1)
    assert "a worker died during this run; it is tried once more, alone" in said
    assert "1 of 5 runs failed" in said.splitlines()[-1]
    assert "its worker died" in (victim / "failure.txt").read_text()
    kept = place.stamps()
    assert len(kept) == 4
    assert place.statuses() == {"FINISHED": 4, "FAILED": 1}
    assert "5 runs: 4 reused, 1 to train" in place.run(*grid, *JOBLIB)
    assert kept.items() < place.stamps().items()
    assert not (victim / "failure.txt").exists()


def kill_whoever_trains(driver: Process, folder: Path) -> None:
    """Kill, until the sweep's end, every worker that holds the lock of a run's folder and trains it."""
    while driver.poll() is None:
        with suppress(psutil.Error):
            for worker in psutil.Process(driver.pid).children(recursive=True):
                with suppress(psutil.Error):
                    held = any(file.path == str(folder / ".lock") for file in worker.open_files())
                    if held and (folder / ".started").exists():
                        worker.kill()
        time.sleep(0.02)


@pytest.mark.slow
def test_a_run_that_raises_is_the_only_one_tried_again(place: Place) -> None:
    grid = ("model.hidden=[1000000000000],[4]", "epochs=1", *JOBLIB)
    said = place.run(*grid, status=1)
    assert [line for line in said.splitlines() if "FAILED: " in line and "Memory" in line], said
    assert "Traceback" not in said
    assert "1 of 2 runs failed" in said.splitlines()[-1]
    (failure,) = place.root.glob("runs/*/failure.txt")
    assert failure.read_text().startswith("Traceback")
    (artifact,) = place.root.glob("mlartifacts/*/*/artifacts/failure.txt")
    assert artifact.read_text() == failure.read_text()
    kept = place.stamps()
    assert "2 runs: 1 reused, 1 to train" in place.run(*grid, status=1)
    assert place.stamps() == kept
    assert place.statuses() == {"FINISHED": 1, "FAILED": 2}


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


@pytest.mark.slow
def test_a_store_that_becomes_read_only_in_mid_sweep_stops_no_training(place: Place) -> None:
    grid = ("batch_size=1", "seed=0,1,2,3", "epochs=30", BASIC)
    process = place.start(*grid)
    wait_for(lambda: place.logged(), process)
    # What SQLite says of a file that may not be written any more, for root too.
    with closing(sqlite3.connect(place.root / "mlflow.db", timeout=30)) as connection, connection:
        connection.execute(
            "CREATE TRIGGER shut BEFORE INSERT ON runs "
            "BEGIN SELECT RAISE(ABORT, 'attempt to write a readonly database'); END"
        )
    said = place.end(process)
    assert said.count("not logged to MLflow") == 1, said
    assert "Traceback" not in said
    kept = place.stamps()
    assert len(kept) == 4
    assert len(place.logged()) < 4
    with closing(sqlite3.connect(place.root / "mlflow.db", timeout=30)) as connection, connection:
        connection.execute("DROP TRIGGER shut")
    assert "4 reused" in place.run(*grid)
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
