"""Workers of Hydra's joblib launcher that are killed outside of any run: that costs nothing, or is said."""

from pathlib import Path

import pytest

from processes import GRID, JOBLIB, Place

pytestmark = pytest.mark.slow

# A worker kills itself while the folder of marks has fewer marks than it may have: at its start, or ...
AT_START = """
import os, signal, sys
marks, most = {marks!r}, {most}
def strike():
    if len(os.listdir(marks)) < most:
        os.mkdir(os.path.join(marks, str(os.getpid())))
        os.kill(os.getpid(), signal.SIGKILL)
if any("popen_loky" in each for each in sys.orig_argv):
    {when}
"""
# ... at whatever it does after it has completed a run
AFTER_A_RUN = """done = []
    def watch(event, values):
        if done:
            done.clear()  # what it does itself is watched too
            strike()
        if event == "os.rename" and str(values[1]).endswith("run.json"):
            done.append(True)
    sys.addaudithook(watch)
"""
# ... when it has begun a run and reads its data
AT_A_RUN = """def watch(event, values):
        if event == "open" and str(values[0]).endswith("X_train.npy"):
            strike()
    sys.addaudithook(watch)
"""


def strike(place: Place, when: str, most: int) -> Path:
    """Let at most that many of the place's workers kill themselves; return where each leaves a mark."""
    marks = place.root / "marks"
    marks.mkdir(parents=True)
    code = AT_START.format(marks=str(marks), most=most, when=when)
    (place.root / "sitecustomize.py").write_text(code)
    place.environment = {"PYTHONPATH": str(place.root)}
    return marks


def test_a_worker_killed_at_its_start_costs_nothing(place: Place, straight: Place) -> None:
    marks = strike(place, "strike()", most=1)
    assert "Traceback" not in place.run(*GRID, *JOBLIB)
    assert len(list(marks.iterdir())) == 1
    assert place.tables() == straight.tables()


def test_a_worker_killed_between_two_runs_costs_nothing(place: Place, straight: Place) -> None:
    marks = strike(place, AFTER_A_RUN, most=1)
    assert "Traceback" not in place.run(*GRID, *JOBLIB)
    assert len(list(marks.iterdir())) == 1
    assert place.tables() == straight.tables()
    assert place.logged() == dict.fromkeys(place.stamps(), 1)


def test_workers_that_never_start_are_said_in_one_sentence(place: Place) -> None:
    strike(place, "strike()", most=1000)
    said = place.run(*GRID, *JOBLIB, status=1)
    assert "Traceback" not in said
    assert "error: no run began, 2 times: the launcher failed with TerminatedWorkerError" in said
    assert place.statuses("sweep") == {"KILLED": 1}


def test_where_every_run_kills_its_worker_every_run_fails(place: Place) -> None:
    strike(place, AT_A_RUN, most=1000)
    said = place.run("seed=0,1,2", "epochs=1", *JOBLIB, "hydra.sweeper.runs_per_job=2", status=1)
    assert "3 of 3 runs failed" in said.splitlines()[-1]
    failures = [path.read_text() for path in place.root.glob("runs/*/failure.txt")]
    assert ["its worker died: it took 2 workers down" in text for text in failures] == [True] * 3
    assert place.statuses("sweep") == {"FAILED": 1}
