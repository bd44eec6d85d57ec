"""The sweep: expand the grid, check it, see what is done, hand the rest to the launcher, write the tables."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict

from perbatch.errors import UserError
from perbatch.sweep import grid, plan, record, tables
from perbatch.sweep.compose import CachingLoader
from perbatch.sweep.parents import Parents
from perbatch.sweep.plan import Plan, PlannedRun
from perbatch.sweep.progress import watch
from perbatch.sweep.task import log_where_missing
from perbatch.sweep.training import describe
from perbatch.tracking import Store

log = logging.getLogger(__name__)

MULTIRUN = "multirun.yaml"


def sweep(
    params: Mapping[str, Any],
    arguments: list[str],
    context: HydraContext,
    task_function: TaskFunction,
    master: DictConfig,
) -> list[JobReturn]:
    """Run the sweep of the grid `params`, overridden and extended by the command line's `arguments`."""
    choices = master.hydra.runtime.choices
    if choices.get("sweep") == "pipeline" and choices.get("experiment") is not None:
        raise UserError(
            f"experiment={choices.experiment} sweep=pipeline: each brings a grid of its own; give one of them"
        )
    loader = CachingLoader(context.config_loader)
    context = HydraContext(loader, context.callbacks)
    planned = plan.make(grid.expand(params, arguments, loader), loader, master)
    store = record.store_of(master.tracking.uri)
    store.check()
    unlogged = [run for run in planned.reused if not run.folder.logged(store.peek(run.data))]
    log.info(planned.sentence())
    returns: list[JobReturn] = []
    if planned.missing or unlogged:
        returns = _carry_out(planned, unlogged, store, context, task_function, master)
    failed = [
        run for run, job in zip(planned.missing, returns, strict=True) if job.status == JobStatus.FAILED
    ]
    if master.sweep.results is not None:
        rows = {
            run.identity: describe(loader.load_sweep_config(master, run.overrides)) | {"status": "failed"}
            for run in failed
        }
        tables.write(planned.runs, rows, Path(master.sweep.results))
    if failed:
        raise UserError(
            f"{len(failed)} of {len(planned.runs)} runs failed, the first with {_reason(returns)}; "
            "each failed run's traceback is in its folder's failure.txt, "
            "and the same command trains only those that failed"
        )
    return returns


def _carry_out(
    planned: Plan,
    unlogged: list[PlannedRun],
    store: Store,
    context: HydraContext,
    task_function: TaskFunction,
    master: DictConfig,
) -> list[JobReturn]:
    multirun = _save_multirun(master)
    parents = Parents(planned, store)
    returns: list[JobReturn] = []
    status = "KILLED"
    try:
        parents.start()
        for run in unlogged:
            nested = [*run.overrides, f"tracking.parent={parents.of(run)}"]
            log_where_missing(run.folder, context.config_loader.load_sweep_config(master, nested))
        if planned.missing:
            jobs = [[*run.overrides, f"tracking.parent={parents.of(run)}"] for run in planned.missing]
            launcher = Plugins.instance().instantiate_launcher(
                hydra_context=context, task_function=task_function, config=master
            )
            with watch([run.folder for run in planned.missing]):
                returns = list(launcher.launch(jobs, initial_job_idx=0))
        status = "FAILED" if any(job.status == JobStatus.FAILED for job in returns) else "FINISHED"
    finally:
        parents.end(status, [multirun])
    return returns


def _reason(returns: list[JobReturn]) -> str:
    # JobReturn's own property would raise the error, below a line of Hydra's own.
    error = next(job._return_value for job in returns if job.status == JobStatus.FAILED)
    return " ".join(f"{type(error).__name__}: {error}".split())


def _save_multirun(master: DictConfig) -> Path:
    """Write the sweep's config as Hydra does, with the grid itself where the config refers to params.yaml."""
    path = Path(master.hydra.sweep.dir) / MULTIRUN
    path.parent.mkdir(parents=True, exist_ok=True)
    resolved = master.copy()
    with open_dict(resolved):
        resolved.hydra.sweeper.params = master.hydra.sweeper.params  # access resolves the interpolation
    OmegaConf.save(resolved, path)
    return path
