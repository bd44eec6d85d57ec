"""`hydra/launcher=slurm`: arrays, packs, jobs that are killed or queued again, and what is refused."""

import re
import signal
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
from slurm_nodes import Slurm

from checkouts import FAILS, failing
from perbatch.sweep import locks
from processes import SECONDS, Place, kill, wait_for

SLURM = "hydra/launcher=slurm"
GRID = ("batch_size=8,full", "learning_rate=0.1", "seed=0,1,2", "epochs=3")
QUICK = ("batch_size=full", "learning_rate=0.1", "epochs=1")
MINUTE = ("hydra.launcher.timeout_min=1", "hydra.launcher.signal_delay_s=5")
LONG = ("batch_size=1", "epochs=60", "learning_rate=0.05")


def test_an_array_of_packs_trains_what_one_process_does(place: Place, checkout: Path, tmp_path: Path) -> None:
    place = replace(place, checkout=failing(checkout, tmp_path / "failing"))
    said = place.run(*GRID, SLURM, "hydra.sweeper.runs_per_job=2", f"{FAILS},[4]", status=1)
    assert "6 of 12 runs failed" in said.splitlines()[-1], said  # each its own: the packs held both kinds
    jobs = sorted(path.name for path in (place.root / "runs" / ".submitit").glob("[0-9]*_[0-9]*"))
    assert [job.partition("_")[2] for job in jobs] == list("012345")  # one array
    assert len(place.stamps()) == 6
    # Only the driver wrote SQLite: each run once, and none left open.
    assert place.logged() == dict.fromkeys(place.stamps(), 1)
    assert place.statuses() == {"FINISHED": 6, "FAILED": 6}
    alone = Place(tmp_path / "alone", checkout)
    alone.run(*GRID, "model.hidden=[4]", "hydra/launcher=basic")
    place.run(*GRID, "model.hidden=[4]", SLURM)
    assert place.tables() == alone.tables()


def test_a_killed_job_is_tried_again_and_nothing_hangs(place: Place) -> None:
    process = place.start(*LONG, "seed=0,1,2", SLURM)
    wait_for(lambda: place.folders(".started"), process)
    victim = place.folders(".started")[0]
    wait_for(lambda: kill_holder(victim / ".lock"), process)
    said = place.end(process)
    assert "a worker died during this run; it is tried once more, alone" in said
    assert len(place.stamps()) == 3
    assert place.logged() == dict.fromkeys(place.stamps(), 1)


def kill_holder(lock: Path) -> bool:
    """Kill the job that trains a run, and the step that SLURM watches it by."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if any(file.path == str(lock) for file in process.open_files()):
                parent = process.parent()
                process.kill()
                if parent is not None and "slurmstepd" in parent.name():
                    parent.kill()
                return True
    return False


def test_a_job_out_of_time_is_queued_again_and_goes_on_until_it_may_not(
    slow_place: Place, slow_checkout: Path, slurm: Slurm, tmp_path: Path
) -> None:
    # 15 runs of 4 s and more do not fit into a minute. Both sweeps at once, each has a node.
    pack = (*QUICK, "seed=range(0,15)", SLURM, "hydra.sweeper.runs_per_job=15", *MINUTE)
    again = slow_place.start(*pack, "hydra.launcher.max_num_timeout=20")
    never = Place(tmp_path / "never", slow_checkout, environment=slurm.environment)
    said = never.run(*pack, "hydra.launcher.max_num_timeout=0", status=1)
    kept = never.stamps()
    assert kept
    assert f"{15 - len(kept)} of 15 runs failed" in said.splitlines()[-1]
    assert "its SLURM job ran out of time (1 min), and was queued again 0 times (max_num_timeout)" in said
    assert "Traceback" not in slow_place.end(again)
    assert len(slow_place.stamps()) == 15
    # Besides one for each run, one for each that was at work when the time was up.
    trained = Counter((slow_place.root / "trained").read_text().split())
    assert len(trained) == 15 < trained.total() <= 15 + timeouts(slow_place)


def timeouts(place: Place) -> int:
    """How often SLURM told jobs of these runs that their time was up."""
    said = (place.root / "runs" / ".submitit").glob("*/*_log.err")
    return sum(path.read_text().count("this job is timed-out") for path in said)


def test_a_node_that_dies_leaves_its_job_to_the_other(slow_place: Place, slurm: Slurm) -> None:
    process = slow_place.start(*QUICK, "seed=range(0,4)", SLURM)
    wait_for(lambda: len(running(slurm)) == 2 and len(slow_place.folders(".started")) == 2, process)
    slurm.kill_node("two")
    try:
        assert "Traceback" not in slow_place.end(process)
        assert len(slow_place.stamps()) == 4
        assert "4 runs: 4 reused" in slow_place.run(*QUICK, "seed=range(0,4)", SLURM)
        assert slow_place.statuses() == {"FINISHED": 4}
    finally:
        slurm.start_node("two")
        slurm.wait_for_nodes()


def test_a_job_queued_again_trains_no_run_again_a_second_time(slow_place: Place, slurm: Slurm) -> None:
    pack = (*QUICK, "seed=range(0,4)", SLURM, "hydra.sweeper.runs_per_job=4")
    slow_place.run(*pack)
    before = slow_place.stamps()
    process = slow_place.start(*pack, "rerun=true")
    # Two are begun, one of which is complete.
    wait_for(lambda: len(before.items() & slow_place.stamps().items()) < 3, process)
    (job,) = running(slurm)
    slurm.ask("scontrol", "requeue", job)
    assert "Traceback" not in slow_place.end(process)
    assert not before.items() & slow_place.stamps().items()
    # Each once in each sweep, and one more for the run at work when SLURM queued the job again.
    trained = Counter((slow_place.root / "trained").read_text().split())
    assert trained["0"] == 2
    assert sorted(trained.values()) == [2, 2, 2, 3]


def running(slurm: Slurm) -> list[str]:
    """The jobs that run now."""
    return slurm.ask("squeue", "-h", "-t", "running", "-o", "%i").split()


def test_no_more_jobs_run_at_once_than_array_parallelism(slow_place: Place, slurm: Slurm) -> None:
    process = slow_place.start(*QUICK, "seed=range(0,3)", SLURM, "hydra.launcher.array_parallelism=1")
    most = 0
    while process.poll() is None:
        most = max(most, len(running(slurm)))
        time.sleep(0.2)
    slow_place.end(process)
    assert len(slow_place.stamps()) == 3
    assert most == 1  # of two nodes


def test_jobs_outlive_their_driver_and_nothing_is_trained_twice(slow_place: Place, slurm: Slurm) -> None:
    command = (*QUICK, "seed=range(0,5)", SLURM)
    process = slow_place.start(*command)
    wait_for(lambda: slow_place.stamps() and len(running(slurm)) == 2, process)
    kill(process)
    kept = slow_place.stamps()
    assert len(kept) < 5
    assert len(running(slurm)) == 2
    slow_place.run(*command)
    assert kept.items() < slow_place.stamps().items()
    assert sorted((slow_place.root / "trained").read_text().split()) == list("01234")
    assert slow_place.logged() == dict.fromkeys(slow_place.stamps(), 1)


def test_jobs_that_slurm_holds_back_are_said_and_ctrl_c_cancels_them(place: Place, slurm: Slurm) -> None:
    process = place.start(*QUICK, "seed=0,1", SLURM, "hydra.launcher.cpus_per_task=4")  # a node has one
    assert process.stdout is not None
    end = time.monotonic() + SECONDS
    for line in process.stdout:  # at least each 15 s
        assert time.monotonic() < end
        if "SLURM lets jobs wait (PartitionConfig)" in line:
            break
    process.send_signal(signal.SIGINT)
    assert "stopped: what is complete is kept" in place.end(process, status=130)
    assert slurm.ask("squeue", "-h") == ""


def test_ctrl_c_ends_jobs_at_work_before_the_sweep_ends(place: Place, slurm: Slurm) -> None:
    process = place.start("batch_size=1", "epochs=3000", "seed=0,1", SLURM)  # far longer than the test
    wait_for(lambda: len(place.folders(".started")) == 2, process)
    process.send_signal(signal.SIGINT)
    said = place.end(process, status=130)
    assert slurm.ask("squeue", "-h") == ""
    assert "the jobs are cancelled" in said
    assert "still in SLURM's queue" not in said
    # Nobody holds a run's lock any more.
    for folder in place.folders(".started"):
        assert not locks.held(folder / ".lock")
    assert place.statuses("sweep") == {"KILLED": 1}


def test_what_is_refused_before_anything_starts(place: Place) -> None:
    def refusal(*arguments: str, python: tuple[str, ...] = ()) -> str:
        said = place.run(*GRID, SLURM, *arguments, status=1, python=python)
        assert "Traceback" not in said
        assert place.stamps() == {}
        return said.splitlines()[-1]

    said = refusal("hydra.launcher.partition=moon")
    assert said == "error: hydra.launcher.partition=moon: must be one of short"
    assert "timeout_min=soon: Value 'soon'" in refusal("hydra.launcher.timeout_min=soon")
    assert "timeout_min=1: leaves a job no time" in refusal("hydra.launcher.timeout_min=1")
    assert "SLURM took no job: sbatch: error: Memory" in refusal("hydra.launcher.mem_gb=100000")
    assert "hydra.launcher.moon: is no setting of SLURM's" in refusal("+hydra.launcher.moon=1")
    said = refusal("tracking.uri=sqlite:///mlflow.db")
    assert "a relative address means another place on each machine" in said
    said = refusal("seed=range(0,100)")
    assert "200 jobs are more than this SLURM takes at once (100)" in said
    assert "hydra.sweeper.runs_per_job=2 or more" in said


def test_where_slurm_or_submitit_is_missing_one_sentence_says_so(place: Place, tmp_path: Path) -> None:
    place.environment = {**place.environment, "PATH": str(Path(sys.executable).parent)}
    said = place.run(*GRID, SLURM, status=1).splitlines()[-1]
    assert said.endswith("sbatch is not on this machine: start the sweep where SLURM takes jobs"), said
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "sitecustomize.py").write_text(
        "import sys\nsys.modules |= dict.fromkeys(['submitit', 'hydra_plugins.hydra_submitit_launcher'])\n"
    )
    place.environment = {**place.environment, "PYTHONPATH": str(tmp_path / "without")}
    said = place.run(*GRID, SLURM, status=1).splitlines()[-1]
    assert re.search(r"pip install -e '\.\[slurm\]'$", said), said
