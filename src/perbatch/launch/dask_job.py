"""What runs in a job of Dask's, on a worker that shares no disk with the driver."""

import platform
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, JobStatus, run_job, setup_globals
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict

from perbatch.errors import UserError
from perbatch.launch import packs
from perbatch.runs import identity, planned
from perbatch.runs.folder import RunFolder

Contents = dict[str, dict[str, bytes]]
"""Files of run folders, by their names below the folder of all runs."""


def execute(
    context: HydraContext,
    task: TaskFunction,
    master: DictConfig,
    singletons: Any,
    overrides: list[str],
    number: int,
) -> tuple[int, JobReturn, Contents]:
    """Run one job on the worker; return its number, what Hydra reports, and the folders of its runs."""
    setup_globals()
    Singleton.set_state(singletons)
    loader: Any = context.config_loader
    try:
        folders = planned.Folders(loader, master)
        names = [
            folders.name(identity.of(loader.settings(master, each)), each)
            for _, each in packs.unpack(overrides)
        ]
    except Exception as error:  # the data are not here, or others: what the run is called depends on them
        return number, failed(f"{platform.node()}: {error}"), {}
    config = loader.load_sweep_config(master, overrides)
    with open_dict(config):
        config.hydra.job.id, config.hydra.job.num = str(number), number
    HydraConfig.instance().set_config(config)
    job = run_job(
        hydra_context=context,
        task_function=task,
        config=config,
        job_dir_key="hydra.sweep.dir",
        job_subdir_key="hydra.sweep.subdir",
    )
    return number, job, {name: RunFolder(folders.root / name).files() for name in names}


def failed(reason: str) -> JobReturn:
    """What Hydra would report of a job that raised a UserError of that reason."""
    job = JobReturn()
    job.status, job.return_value = JobStatus.FAILED, UserError(reason)
    return job
