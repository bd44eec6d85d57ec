"""Several runs in one job, which is what launchers start: a job costs more than a short run.

A pack is handed to a launcher in place of a job's overrides. In the job its runs are trained one after the
other, each as a job of Hydra's own: its own number, config, folder and log, and its own failure.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobStatus
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict

from perbatch.errors import UserError
from perbatch.launch import job

PACK = "hydra.pack="  # launchers do not print what begins with hydra.
SILENT = {"version": 1, "disable_existing_loggers": False, "root": None}

MOST = 32
"""Runs of a pack whose size was not given."""

SECONDS = 10.0
"""That a pack whose size was not given is to last, about."""

PACKS_A_WORKER = 4
"""At least, so that the workers end at about the same time."""


@dataclass(frozen=True)
class PackSize:
    """How many runs a job gets, and the seconds after which it begins no other (None: it trains them all)."""

    runs: int
    seconds: float | None = None


ONE = PackSize(1)


def size(runs: int, workers: int | None, each: float | None) -> PackSize:
    """Return the size of packs for so many runs.

    `workers` of this machine, None where launchers start jobs elsewhere. `each` is what a run takes in
    seconds, None if that is not known: then jobs of this machine stop after SECONDS, and what they did not
    begin goes out again, one run a job; elsewhere, where a job may wait for hours, a run is a job.
    """
    if each is None and workers is None:
        return ONE
    most = MOST if each is None else min(MOST, int(SECONDS / max(each, 1e-3)))
    if workers is not None:
        most = min(most, runs // (PACKS_A_WORKER * workers))
    return PackSize(max(most, 1), SECONDS if each is None else None)


Numbered = tuple[int, list[str]]
"""A run's `hydra.job.num` and its overrides."""


def pack(runs: Sequence[Numbered], seconds: float | None) -> list[str]:
    """Return the overrides of the job that trains these runs; after `seconds` it begins no other run."""
    (first, shown), (last, _) = runs[0], runs[-1]
    label = shown if len(runs) == 1 else [f"runs {first} to {last}"]
    return [PACK + json.dumps([seconds, list(runs)]), *label]


def is_pack(overrides: Sequence[str]) -> bool:
    """Return whether these are the overrides of a pack."""
    return bool(overrides) and overrides[0].startswith(PACK)


def unpack(overrides: Sequence[str]) -> list[Numbered]:
    """Return the runs of a pack."""
    return [(number, own) for number, own in _payload(overrides)[1]]


def as_job_of(config: DictConfig, overrides: Sequence[str]) -> DictConfig:
    """Turn the config of a pack's first run into that of the job that holds it, which leaves no trace."""
    with open_dict(config):
        config.hydra.sweep.subdir = "."
        config.hydra.output_subdir = None
        config.hydra.job_logging = SILENT
        config.hydra.overrides.task = list(overrides)
    return config


class PackedTask:
    """The task that launchers get: it is pickled, and calls the task proper for each run of its pack."""

    def __init__(self, task: TaskFunction, context: HydraContext, master: DictConfig) -> None:
        """`context` and `master` are those of the sweep: from them the runs' configs are composed."""
        self._task, self._context, self._master = task, context, master

    def __call__(self, config: DictConfig) -> list[JobReturn]:
        """Return what each run of the pack returned or raised, as Hydra reports it; UNKNOWN if not begun."""
        began, hydra = time.monotonic(), HydraConfig.get()
        seconds, runs = _payload(hydra.overrides.task)
        loader: Any = self._context.config_loader
        done: list[JobReturn] = []
        for number, overrides in runs:
            if done and seconds is not None and time.monotonic() - began > seconds:
                done.append(JobReturn(status=JobStatus.UNKNOWN))
                continue
            whole, own = loader.load_job(self._master, overrides)
            with open_dict(whole):
                whole.hydra.job.id, whole.hydra.job.num = hydra.job.id, number
            done.append(job.run(self._context, self._task, whole, own))
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


def _payload(overrides: Sequence[str]) -> tuple[float | None, list[Any]]:
    seconds, runs = json.loads(overrides[0].removeprefix(PACK))
    return seconds, runs
