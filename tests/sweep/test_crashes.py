"""Sweeps killed, stopped or run into each other: nothing is lost, trained twice or left open."""

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from checkouts import FAILS, failing
from perbatch.errors import STOPPED
from processes import BASIC, GRID, JOBLIB, Place, Process, kill, wait_for

LONG = ("batch_size=1", "epochs=3000")  # a run takes far longer than any of these tests waits
SEED = 20260


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
    assert said.splitlines()[-1] == STOPPED
    assert "Traceback" not in said
    assert set(place.statuses()) == {"KILLED"}
    assert place.statuses("sweep") == {"KILLED": 1}
    assert place.stamps() == {}


@pytest.mark.parametrize("module", ["hydra", "numpy", "perbatch.sweep.sweeper"])
def test_interrupted_while_it_imports_or_plans_it_is_one_sentence(place: Place, module: str) -> None:
    process = place.start("seed=range(0,5000)", "dry_run=true", python=("-X", "importtime"))
    with process, process.stdout as stdout:
        while (line := stdout.readline()) and line.split("|")[-1].strip() != module:
            pass
        os.killpg(process.pid, signal.SIGINT)
        said = [line for line in stdout.read().splitlines() if not line.startswith("import time:")]
    assert said[-1] == STOPPED
    assert "Traceback" not in "".join(said)
    assert process.returncode == 130


@pytest.mark.slow
def test_workers_end_with_a_driver_that_is_killed_alone(place: Place) -> None:
    grid = ("batch_size=1", "seed=0,1,2,3,4,5", "epochs=40", *JOBLIB)
    with place.start(*grid) as process:
        wait_for(lambda: len(place.folders(".started", "run.json")) == 2, process)
        workers = psutil.Process(process.pid).children(recursive=True)
        under_way = {folder.name for folder in place.folders(".started", "run.json")}
        process.kill()
    _, alive = psutil.wait_procs(workers, timeout=60)
    assert alive == []
    assert under_way <= place.stamps().keys()


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
def test_a_run_that_raises_is_the_only_one_tried_again(place: Place, tmp_path: Path) -> None:
    place = Place(place.root, failing(place.checkout, tmp_path / "failing"))
    grid = (f"{FAILS},[4]", "epochs=1", *JOBLIB)
    said = place.run(*grid, status=1)
    assert [line for line in said.splitlines() if "FAILED: " in line and "ValueError: planted" in line], said
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
