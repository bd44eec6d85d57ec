"""Jobs on other machines, which may be lost there: what SLURM and Dask have in common."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from hydra.core.utils import JobReturn, JobStatus
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from perbatch.errors import UserError

log = logging.getLogger(__name__)


class Handed(NamedTuple):
    """What Hydra hands to a launcher before there are jobs; the config is that of the sweep."""

    hydra_context: HydraContext
    task_function: TaskFunction
    config: DictConfig


class Job(Protocol):
    """A job that was handed to a cluster."""

    @property
    def over(self) -> bool:
        """Whether it left a result, or never will."""

    def result(self) -> JobReturn | None:
        """Return what Hydra reports of a job that is over, None where it died."""

    def last_words(self) -> str:
        """Return what is known of a job that died."""


class WorkersDied(UserError):
    """Some jobs ended without a result; `returns` has the others', in the jobs' order, and None for those."""

    def __init__(self, returns: Sequence[JobReturn | None], reason: str) -> None:
        """`reason` says of one of them what is known."""
        died = sum(each is None for each in returns)
        super().__init__(f"{died} of {len(returns)} jobs ended without a result: {reason}")
        self.returns = returns


def gather(jobs: Sequence[Job], look: Callable[[], None]) -> list[JobReturn]:
    """Return what the jobs returned once all are over; meanwhile `look` sees after them, which takes time.

    Raises WorkersDied where some died, and what `look` raises.
    """
    while not all(job.over for job in jobs):
        look()
    returns = [job.result() for job in jobs]
    if dead := [job for job, result in zip(jobs, returns, strict=True) if result is None]:
        raise WorkersDied(returns, dead[0].last_words())
    return [each for each in returns if each is not None]


def failed(reason: str) -> JobReturn:
    """Return what Hydra would report of a job that raised a UserError of that reason."""
    job = JobReturn()
    job.status, job.return_value = JobStatus.FAILED, UserError(reason)
    return job


class Absence:
    """How long something has not been there: said once, when it is long."""

    def __init__(self, long: float, sentence: str) -> None:
        """`long` in seconds."""
        self._long, self._sentence = long, sentence
        self._since, self._said = time.monotonic(), False

    def look(self, there: bool) -> float:
        """Take whether it is there now, and return for how many seconds it has not been."""
        if there:
            self._since, self._said = time.monotonic(), False
        seconds = time.monotonic() - self._since
        if seconds > self._long and not self._said:
            log.warning(self._sentence)
            self._said = True
        return seconds
