"""What runs in a SLURM job: Hydra's job, which ends with a last word when its time is up for good."""

import signal
from collections.abc import Callable
from types import FrameType
from typing import Any

from hydra.core.utils import JobReturn

from perbatch.launch.jobs import failed


class OutOfTime(BaseException):
    """Ends the job: no run of it takes this for its own failure."""


class SlurmJob:
    """Hydra's job for submitit, which ends with a last word when its time is up for good. It is pickled.

    When a job's time is up, submitit queues it again, and at last raises an error into whatever the job is
    doing. That would fail the run at work, and the next run of the job would begin, to be killed midway.
    """

    def __init__(self, job: Callable[..., JobReturn], last_word: str) -> None:
        """`last_word` is what fails the runs that are not complete when the time is up for good."""
        self._job, self._last_word = job, last_word

    def __call__(self, *arguments: Any) -> JobReturn:
        """Run the job, and return what Hydra reports of it."""
        _raise_out_of_time()
        try:
            return self._job(*arguments)
        except OutOfTime:
            return failed(self._last_word)

    def checkpoint(self, *arguments: Any) -> Any:
        """Return what the job does when it has been queued again: the same, which finds what is complete."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self, *arguments)


def _raise_out_of_time() -> None:
    """Put a handler of our own around submitit's, for the signal that comes before the time is up."""
    from submitit.core.utils import UncompletedJobError
    from submitit.slurm.slurm import SlurmJobEnvironment

    number = signal.Signals[f"SIG{SlurmJobEnvironment.USR_SIG}"]
    submitit = signal.getsignal(number)
    assert callable(submitit)

    def handler(received: int, frame: FrameType | None) -> None:
        try:
            submitit(received, frame)
        except UncompletedJobError as error:
            raise OutOfTime from error

    signal.signal(number, handler)
