"""Several runs in one job: on a cluster a job that lasts a tenth of a second takes seconds to start.

A pack is handed to a launcher in place of a job's overrides. In the job its runs are trained one after the
other, each as a job of Hydra's own: its own config, folder and log, and its own failure.
"""

import json
from collections.abc import Sequence
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, run_job
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict

PACK = "hydra.pack="  # launchers do not print what begins with hydra.
SILENT = {"version": 1, "disable_existing_loggers": False, "root": None}


def pack(jobs: Sequence[list[str]]) -> list[str]:
    """Return the overrides of several jobs as those of one; a single job's stay as they are."""
    return list(jobs[0]) if len(jobs) == 1 else [PACK + json.dumps(list(jobs))]


def unpack(overrides: Sequence[str]) -> list[list[str]]:
    """Return the overrides of each run that a job means."""
    if len(overrides) == 1 and overrides[0].startswith(PACK):
        return list(json.loads(overrides[0].removeprefix(PACK)))
    return [list(overrides)]


def as_job_of(config: DictConfig, overrides: Sequence[str]) -> DictConfig:
    """Turn the config of a pack's first run into that of the job that holds it, which leaves no trace."""
    with open_dict(config):
        config.hydra.sweep.subdir = "."
        config.hydra.output_subdir = None
        config.hydra.job_logging = SILENT
        config.hydra.overrides.task = list(overrides)
    return config


class PackedTask:
    """Hydra's task where jobs hold several runs: it is pickled, and calls the task proper for each run."""

    def __init__(self, task: TaskFunction, context: HydraContext, master: DictConfig) -> None:
        """`context` and `master` are what launchers get: from them the runs' configs are composed."""
        self._task, self._context, self._master = task, context, master

    def __call__(self, config: DictConfig) -> Any:
        """Return what each run of the pack returned or raised, as Hydra reports it; of one run its result."""
        job = HydraConfig.get()
        overrides = list(job.overrides.task)
        if not overrides or not overrides[0].startswith(PACK):
            return self._task(config)
        return [self._run(each, job) for each in unpack(overrides)]

    def _run(self, overrides: list[str], job: Any) -> JobReturn:
        config = self._context.config_loader.load_sweep_config(self._master, overrides)
        with open_dict(config):
            config.hydra.job.id, config.hydra.job.num = job.job.id, job.job.num
        return run_job(
            hydra_context=self._context,
            task_function=self._task,
            config=config,
            job_dir_key="hydra.sweep.dir",
            job_subdir_key="hydra.sweep.subdir",
        )


def returns(job: JobReturn, runs: int) -> list[JobReturn]:
    """Return what Hydra reports of each of the `runs` of a job that ended."""
    value = job._return_value  # the property would raise what the job raised
    return value if isinstance(value, list) else [job] * runs
