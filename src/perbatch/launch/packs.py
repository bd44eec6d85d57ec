"""Several runs in one job, which is what launchers start: a job costs more than a short run.

A pack is handed to a launcher in place of a job's overrides. In the job its runs are trained one after the
other, each as a job of Hydra's own: its own number, config, folder and log, and its own failure.
"""

import pickle
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobStatus
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict

from perbatch.errors import UserError
from perbatch.launch import job
from perbatch.runs.planned import PlannedRun

SILENT = {"version": 1, "disable_existing_loggers": False, "root": None}

MOST = 32
"""Runs of a pack whose size was not given."""

SECONDS = 10.0
"""That a pack whose size was not given is to last, about."""

PACKS_A_WORKER = 2
"""At least, of the runs that are left, so that the workers end at about the same time."""


@dataclass(frozen=True)
class PackSize:
    """How many runs a job gets, and the seconds after which it begins no other (None: it trains them all).

    Where `workers` of this machine share the runs, the last jobs get fewer.
    """

    runs: int
    seconds: float | None = None
    workers: int | None = None

    def split(self, runs: Sequence[PlannedRun]) -> list[Sequence[PlannedRun]]:
        """Return the runs of each job."""
        parts, start = [], 0
        while left := len(runs) - start:
            share = left if self.workers is None else -(-left // (PACKS_A_WORKER * self.workers))
            parts.append(runs[start : start + min(self.runs, share)])
            start += len(parts[-1])
        return parts


ONE = PackSize(1)


def size(workers: int | None, each: float | None) -> PackSize:
    """Return the size of packs.

    `workers` of this machine, None where launchers start jobs elsewhere. `each` is what a run takes in
    seconds, None if that is not known: then jobs of this machine stop after SECONDS, and what they did not
    begin goes out again; elsewhere, where a job may wait for hours, a run is a job.
    """
    if each is None and workers is None:
        return ONE
    most = MOST if each is None else min(MOST, int(SECONDS / max(each, 1e-3)))
    return PackSize(max(most, 1), SECONDS if each is None else None, workers)


class Pack(str):
    """The runs of a job, and the seconds after which it begins no other.

    It is text, for launchers hand on what they take for overrides; what begins with hydra. they do not print.
    """

    runs: Sequence[PlannedRun]
    seconds: float | None

    def __new__(cls, runs: Sequence[PlannedRun], seconds: float | None) -> "Pack":
        """The runs have the numbers and the whole overrides of their jobs."""
        pack = super().__new__(cls, "hydra.pack")
        pack.runs, pack.seconds = runs, seconds
        return pack

    def __getnewargs__(self) -> tuple[Any, ...]:
        """Have it pickled with its runs."""
        return self.runs, self.seconds

    def as_job(self) -> list[str]:
        """Return what a launcher gets: the pack, and what it may print."""
        first, last = self.runs[0], self.runs[-1]
        alone = len(self.runs) == 1
        return [self, *(first.overrides if alone else [f"runs {first.number} to {last.number}"])]


def of(overrides: Sequence[str]) -> Pack | None:
    """Return the pack that a launcher handed on as a job's overrides; None where they are a run's."""
    return overrides[0] if overrides and isinstance(overrides[0], Pack) else None


def as_job_of(config: DictConfig, pack: Pack) -> DictConfig:
    """Turn the config of a pack's first run into that of the job that holds it, which leaves no trace."""
    with open_dict(config.hydra.job):
        config.hydra.job.pack = pickle.dumps(pack)
    with open_dict(config):
        config.hydra.sweep.subdir = "."
        config.hydra.output_subdir = None
        config.hydra.job_logging = SILENT
    return config


class PackedTask:
    """The task that launchers get: it is pickled, and calls the task proper for each run of its pack."""

    def __init__(self, task: TaskFunction, context: HydraContext, master: DictConfig) -> None:
        """`context` and `master` are those of the sweep: from them the runs' configs are composed."""
        self._task, self._context, self._master = task, context, master

    def __call__(self, config: DictConfig) -> list[JobReturn]:
        """Return what each run of the pack returned or raised, as Hydra reports it; UNKNOWN if not begun."""
        began, hydra = time.monotonic(), HydraConfig.get()
        pack: Pack = pickle.loads(hydra.job.pack)  # type: ignore[attr-defined]
        root, loader = Path(self._master.hydra.sweep.dir), self._context.config_loader
        done: list[JobReturn] = []
        for run in pack.runs:
            if done and pack.seconds is not None and time.monotonic() - began > pack.seconds:
                done.append(JobReturn(status=JobStatus.UNKNOWN))
                continue
            whole, own = loader.load_job(self._master, run.overrides)  # type: ignore[attr-defined]
            with open_dict(whole):
                whole.hydra.job.id, whole.hydra.job.num = hydra.job.id, run.number
            with run.expected():
                done.append(job.run(self._context, self._task, whole, own, root / run.place))
        return done


def returns(pack: JobReturn, runs: int) -> list[JobReturn]:
    """Return what Hydra reports of each of the `runs` of a pack: a UserError that ended it, ends each.

    Raises any other error, which kept the pack from being worked on.
    """
    value = pack._return_value  # the property would print a line of Hydra's own
    if isinstance(value, UserError):
        return [pack] * runs
    if isinstance(value, Exception):
        raise value
    return list(value)
