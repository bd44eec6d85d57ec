"""`hydra/launcher=dask`: workers without a common disk, one of them killed, and what is refused."""

import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from dask_workers import Dask
from slurm_nodes import wait

from checkouts import alter
from processes import Place, copy_checkout, wait_for

GRID = ("batch_size=8,full", "learning_rate=0.1", "seed=0,1,2", "epochs=3")


@pytest.fixture
def here(tmp_path: Path, checkout: Path, dask: Dask) -> Place:
    return Place(tmp_path / "root", checkout, environment={"DASK_SCHEDULER_ADDRESS": dask.address})


CLUSTER = "hydra/launcher=dask"


def test_a_killed_worker_costs_nothing_and_results_come_back(
    here: Place, dask: Dask, checkout: Path, prepared: Path, tmp_path: Path
) -> None:
    roots = [dask.add("one", checkout)]
    roots.append(dask.add("two", copy_checkout(tmp_path / "elsewhere", prepared)))
    grid = ("batch_size=1", "learning_rate=0.05", "seed=0,1,2,3,4,5", "epochs=40")
    process = here.start(*grid, CLUSTER, "hydra.sweeper.runs_per_job=2")
    wait_for(lambda: all(list(root.glob("runs/*/.started")) for root in roots), process)
    wait_for(lambda: kill_trainer(roots[1]), process)
    dask.stop("two")
    said = here.end(process)
    assert "Traceback" not in said
    assert len(here.stamps()) == 6
    # No worker shares a disk with the driver, which has all folders whole, and logged them itself.
    assert here.logged() == dict.fromkeys(here.stamps(), 1)
    assert not list(tmp_path.glob("dask/*/mlflow.db"))
    alone = Place(tmp_path / "alone", checkout)
    alone.run(*grid, "hydra/launcher=basic")
    assert here.tables() == alone.tables()
    assert "6 runs: 6 reused" in here.run(*grid, CLUSTER)


def kill_trainer(root: Path) -> bool:
    """Kill the worker's process that holds the lock of a run under this root."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if any(file.path.startswith(str(root / "runs")) for file in process.open_files()):
                process.kill()
                return True
    return False


def test_a_run_that_fails_or_kills_its_workers_leaves_the_others_of_its_job_alone(
    here: Place, dask: Dask, checkout: Path, tmp_path: Path
) -> None:
    deadly = tmp_path / "deadly"
    shutil.copytree(checkout, deadly)
    kill_it = "__import__('os').kill(__import__('os').getpid(), 9)"
    alter(deadly, "if config.seed == 1:", "    raise ValueError", "if config.seed == 2:", f"    {kill_it}")
    dask.add("one", deadly)
    dask.add("two", deadly)
    grid = ("batch_size=8", "learning_rate=0.1", "epochs=3", "seed=0,1,2,3")
    said = here.run(*grid, CLUSTER, "hydra.sweeper.runs_per_job=2", status=1)
    assert "2 of 4 runs failed" in said.splitlines()[-1]
    assert "Traceback" not in said
    failures = [path.read_text() for path in here.root.glob("runs/*/failure.txt")]
    assert sorted("took 4 Dask workers down" in text for text in failures) == [False, True]
    assert here.statuses() == {"FINISHED": 2, "FAILED": 2}


def test_rerun_trains_on_the_workers_again(here: Place, dask: Dask, checkout: Path) -> None:
    root = dask.add("one", checkout)
    worker = Place(root, checkout)
    here.run(*GRID, CLUSTER)
    before, there, tables = here.stamps(), worker.stamps(), here.tables()
    here.run(*GRID, CLUSTER, "rerun=true", "hydra.sweeper.runs_per_job=2")
    assert len(before) == 6
    for old, new in ((before, here.stamps()), (there, worker.stamps())):
        assert old.keys() == new.keys() == before.keys()
        assert [identity for identity in old if old[identity] == new[identity]] == []
    for identity in before:
        timings = [root / "runs" / identity / "timings.json" for root in (here.root, worker.root)]
        assert timings[0].read_bytes() == timings[1].read_bytes()
    assert here.tables() == tables
    assert here.logged() == dict.fromkeys(before, 2)


def test_ctrl_c_ends_the_driver_and_leaves_the_job_at_work_to_its_worker(
    here: Place, dask: Dask, checkout: Path
) -> None:
    worker = Place(dask.add("one", checkout), checkout)
    grid = ("batch_size=1", "learning_rate=0.05", "seed=0,1,2,3", "epochs=200", CLUSTER)
    process = here.start(*grid, "hydra.sweeper.runs_per_job=2")
    wait_for(lambda: worker.folders(".started"), process)
    process.send_signal(signal.SIGINT)
    assert "stopped" in here.end(process, status=130).splitlines()[-1]
    assert here.stamps() == {}
    assert len(worker.stamps()) < 2  # the driver did not wait for the job
    wait(lambda: len(worker.stamps()) == 2)  # the whole job that it had begun
    kept = worker.stamps()
    here.run(*grid)
    assert len(here.stamps()) == 4
    assert kept.items() < worker.stamps().items()


def test_without_workers_a_sweep_waits_says_so_and_at_last_gives_up(
    here: Place, dask: Dask, checkout: Path
) -> None:
    def lose(worker: str, *arguments: str) -> subprocess.Popen[str]:
        root = dask.add(worker, checkout)
        process = here.start(*arguments, "batch_size=1", "epochs=40", "learning_rate=0.05", CLUSTER)
        wait_for(lambda: list(root.glob("runs/*/.started")), process)
        dask.stop(worker)
        return process

    process = lose("one", "seed=0,1,2,3", "hydra.launcher.no_worker_timeout_min=2")
    assert process.stdout is not None
    assert any("no Dask worker is there" in line for line in process.stdout)
    dask.add("two", checkout)
    here.end(process)
    assert len(here.stamps()) == 4
    dask.stop("two")
    process = lose("three", "seed=4,5,6,7", "hydra.launcher.no_worker_timeout_min=0.1")
    said = here.end(process, status=1)
    assert said.splitlines()[-1].startswith("error: no Dask worker was there for 0.1 min"), said
    process = lose("four", "seed=8,9,10,11")
    dask.stop("scheduler")
    said = here.end(process, status=1)
    assert said.splitlines()[-1].startswith("error: the Dask scheduler is gone"), said
    assert "Traceback" not in said


def test_what_is_refused_before_it_starts(here: Place, dask: Dask, checkout: Path, tmp_path: Path) -> None:
    def refusal(*arguments: str) -> str:
        said = here.run(*GRID, CLUSTER, *arguments, status=1)
        assert "Traceback" not in said
        assert not list(here.root.glob("runs/*/run.json"))
        return said.splitlines()[-1]

    assert "no Dask cluster answers" in refusal("hydra.launcher.address=tcp://127.0.0.1:9")
    assert "set DASK_SCHEDULER_ADDRESS" in refusal("hydra.launcher.address=null")
    said = refusal("hydra.launcher.address=moon")
    assert said.endswith("must be of the form hydra.launcher.address=tcp://HOST:8786")
    assert "must be minutes, or null" in refusal("hydra.launcher.no_worker_timeout_min=soon")
    dask.add("bare", None)
    assert "cannot use perbatch (ModuleNotFoundError" in refusal()
    dask.stop("bare")
    changed = tmp_path / "changed"
    shutil.copytree(checkout, changed)
    source = changed / "src" / "perbatch" / "backprop" / "losses.py"
    source.write_text(source.read_text() + "\nCHANGED = True\n")
    dask.add("changed", changed)
    assert "has other code than this checkout: bring both to one commit" in refusal()
    dask.stop("changed")
    dask.add("threads", checkout, threads=2)
    assert "start it as `dask worker tcp:" in (said := refusal()) and "--nthreads 1`" in said


def test_a_worker_without_the_data_says_which_command_prepares_them(
    here: Place, dask: Dask, checkout: Path
) -> None:
    bare = Path(tempfile.mkdtemp(dir=dask.folder))
    for name in ("src", "conf", "pipelines"):
        shutil.copytree(checkout / name, bare / name)
    dask.add("empty", bare)
    said = here.run(*GRID, CLUSTER, status=1)
    assert "6 of 6 runs failed" in said.splitlines()[-1]
    assert "pipelines/prepare.py" in said.splitlines()[-1]
    here.run(*GRID, "hydra/launcher=basic")
    before = here.stamps()
    said = here.run(*GRID, CLUSTER, "rerun=true", status=1)
    assert "6 of 6 runs failed" in said.splitlines()[-1]
    assert here.stamps() == before  # what no job began to train again is kept
    assert "6 runs: 6 reused" in here.run(*GRID, CLUSTER)


def test_where_every_run_kills_its_worker_every_run_fails(
    here: Place, dask: Dask, checkout: Path, tmp_path: Path
) -> None:
    deadly = shutil.copytree(checkout, tmp_path / "deadly")
    alter(deadly, "__import__('os').kill(__import__('os').getpid(), 9)")
    dask.add("one", deadly)
    dask.add("two", deadly)
    said = here.run("epochs=1", "seed=0,1", CLUSTER, "hydra.sweeper.runs_per_job=2", status=1)
    assert "2 of 2 runs failed" in said.splitlines()[-1]
    failures = [path.read_text() for path in here.root.glob("runs/*/failure.txt")]
    assert ["it took 4 Dask workers down" in text for text in failures] == [True, True]
    for name in ("one", "two"):  # a worker that is just being started again would not end
        wait(lambda name=name: dask.said(name).count("Registered to") > dask.said(name).count("by signal 9"))
