"""What becomes of a run that is handed out, without any process."""

import pytest

from perbatch.launch.launchers import KINDS, LOCAL
from perbatch.launch.states import Seen, Standing, State, after


@pytest.mark.parametrize("tries", sorted({LOCAL.tries, *(kind.tries for kind in KINDS.values())}))
def test_a_run_that_takes_its_workers_down_is_tried_so_often_and_no_more(tries: int) -> None:
    run, tried = Standing(), 0
    while run.state is not State.GONE:
        run, tried = after(run, Seen.DIED, tries), tried + 1
    assert tried == tries


@pytest.mark.parametrize("seen", [Seen.ENDED, Seen.OTHER])
@pytest.mark.parametrize("before", [Standing(), Standing(State.SUSPECT, 1)])
def test_nothing_more_comes_of_a_run_whose_job_is_done(before: Standing, seen: Seen) -> None:
    assert after(before, seen, 2).state is State.GONE


def test_a_run_that_its_job_did_not_begin_is_under_no_suspicion() -> None:
    assert after(Standing(), Seen.NOT_BEGUN, 2) == Standing()


def test_what_a_run_did_to_workers_is_not_forgotten() -> None:
    suspect = after(Standing(), Seen.DIED, 3)
    assert suspect == Standing(State.SUSPECT, 1)
    assert after(suspect, Seen.NOT_BEGUN, 3) == suspect
    assert after(after(suspect, Seen.DIED, 3), Seen.DIED, 3).state is State.GONE
