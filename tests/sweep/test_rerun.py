"""`rerun=true`: every run is trained once more, and none loses its result before that."""

import signal

import pytest
from test_launching import AFTER_A_RUN, strike

from processes import BASIC, GRID, JOBLIB, Place, wait_for

pytestmark = pytest.mark.slow


def changed(place: Place, before: dict[str, int]) -> set[str]:
    """The runs that were complete and now are of another time, or incomplete."""
    now = place.stamps()
    return {identity for identity, stamp in before.items() if now.get(identity) != stamp}


@pytest.mark.parametrize("launcher", [(BASIC,), JOBLIB], ids=["basic", "joblib"])
def test_every_run_is_trained_again_with_the_same_result(
    done: Place, straight: Place, launcher: tuple[str, ...]
) -> None:
    before = done.stamps()
    said = done.run(*GRID, *launcher, "rerun=true")
    assert "6 runs: 0 reused, 6 to train" in said
    assert "training: 6 of 6 runs, 0 reused, 0 failed" in said
    assert changed(done, before) == before.keys()
    assert done.tables() == straight.tables()
    assert done.logged() == dict.fromkeys(before, 2)


def test_stopped_it_has_lost_at_most_the_run_at_work(done: Place, straight: Place) -> None:
    before = done.stamps()
    process = done.start(*GRID, BASIC, "rerun=true")
    wait_for(lambda: changed(done, before), process, pause=0.001)
    process.send_signal(signal.SIGINT)
    done.end(process, status=130)
    kept = done.stamps()
    assert len(kept) >= 5
    assert len(changed(done, before)) < 6
    assert f"6 runs: {len(kept)} reused" in done.run(*GRID, BASIC)
    assert kept.items() <= done.stamps().items()
    assert done.tables() == straight.tables()


def test_a_worker_that_dies_makes_no_run_be_trained_a_third_time(done: Place, straight: Place) -> None:
    before = done.stamps()
    marks = strike(done, AFTER_A_RUN, most=1)
    assert "Traceback" not in done.run(*GRID, *JOBLIB, "hydra.sweeper.runs_per_job=2", "rerun=true")
    assert len(list(marks.iterdir())) == 1
    assert changed(done, before) == before.keys()
    assert done.logged() == dict.fromkeys(before, 2)
    assert done.tables() == straight.tables()


def test_jobs_that_never_start_leave_all_results(done: Place) -> None:
    before = done.stamps()
    strike(done, "strike()", most=1000)
    assert "no run began, 2 times" in done.run(*GRID, *JOBLIB, "rerun=true", status=1)
    assert done.stamps() == before
