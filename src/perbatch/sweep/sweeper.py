"""The sweep: expand the grid, check it, see what is done, hand the rest to the launcher, write the tables."""

import logging
import os
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from filelock import Timeout
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict

from perbatch.errors import UserError
from perbatch.sweep import grid, plan, record, tables
from perbatch.sweep.compose import CachingLoader
from perbatch.sweep.folder import FAILURE, RunFolder
from perbatch.sweep.parents import Parents
from perbatch.sweep.plan import Plan, PlannedRun
from perbatch.sweep.progress import watch
from perbatch.sweep.training import describe
from perbatch.tracking import Store

log = logging.getLogger(__name__)

MULTIRUN = "multirun.yaml"

Launch = Callable[[list[list[str]]], Sequence[JobReturn]]


def sweep(
    params: Mapping[str, Any],
    grids: Sequence[Mapping[str, Any]],
    limit: int,
    arguments: list[str],
    context: HydraContext,
    task_function: TaskFunction,
    master: DictConfig,
) -> list[str]:
    """Run the sweep of the grid, overridden and extended by the command line's `arguments`.

    Returns the identities of its runs. Errors: a UserError before anything starts where a combination cannot
    run, and after everything ended where runs failed.
    """
    _refuse_two_grids(master)
    loader = CachingLoader(context.config_loader)
    planned = plan.make(grid.expand(params, arguments, loader, grids, limit), loader, master)
    log.info(planned.sentence(_workers(master)))
    if master.dry_run:
        for line in planned.table():
            log.info(line)
        return planned.order
    store = record.store_of(master.tracking.uri)
    store.check()
    if planned.missing or store.has_running() or not _all_logged(store, planned.reused):
        context = HydraContext(loader, context.callbacks)
        with Parents(planned, store, _save_multirun(master)) as parents:
            _train(planned, parents, _launcher(context, task_function, master), master.rerun)
            parents.log_missing(lambda overrides: loader.load_sweep_config(master, overrides))
    failed = [run for run in planned.missing if not run.folder.complete]
    if master.sweep.results is not None:
        rows = {
            run.identity: describe(loader.settings(master, run.overrides)) | {"status": "failed"}
            for run in failed
        }
        tables.write(planned.runs, rows, Path(master.sweep.results))
    if failed:
        raise UserError(
            f"{len(failed)} of {len(planned.order)} runs failed, the first with {_reason(failed[0])}; "
            "the same command trains only those that failed"
        )
    return planned.order


def _train(planned: Plan, parents: Parents, launch: Launch, rerun: bool) -> None:
    """Hand the missing runs out. Where a worker dies, its run alone fails: the others are handed out again.

    A worker that dies takes the launcher down, and with it the other workers' runs. Those that were under
    way are under suspicion; each is tried once more, alone.
    """
    for run in planned.missing:
        _clear(run.folder, rerun)
    waiting, suspects = planned.missing, list[PlannedRun]()
    with watch(planned):
        while waiting:
            error = _launch(waiting, parents, launch)
            left = [run for run in waiting if not run.folder.ended]
            # A worker that dies between two runs leaves no suspect; a launcher that did nothing is broken.
            if (
                error is not None
                and len(left) == len(waiting)
                and not any(run.folder.started for run in left)
            ):
                raise error
            suspects += [run for run in left if run.folder.started]
            waiting = [run for run in left if not run.folder.started]
        for run in suspects:
            log.warning("%s: a worker died during this run; it is tried once more, alone", run.name)
            if (error := _launch([run], parents, launch)) is not None:
                run.folder.write_failure(f"its worker died: {error}")
                log.error("FAILED: %s: its worker died", run.name)


def _clear(folder: RunFolder, rerun: bool) -> None:
    """Clear a folder of what is damaged or is to be trained again, and of an earlier failure.

    Another sweep may be at work on the run, or have completed it since the plan was made: that is kept.
    """
    with suppress(Timeout), folder.lock().acquire(blocking=False):
        if rerun or not folder.intact:
            folder.clear()


def _launch(runs: Sequence[PlannedRun], parents: Parents, launch: Launch) -> Exception | None:
    """Hand runs to the launcher; return what it raised. A job that raised leaves that in its run's folder."""
    try:
        returns = launch([[*run.overrides, f"tracking.parent={parents.of(run)}"] for run in runs])
    except Exception as error:
        return error
    for run, job in zip(runs, returns, strict=True):
        if job.status == JobStatus.FAILED and not run.folder.ended:
            raised = job._return_value  # the property would raise it, below a line of Hydra's own
            run.folder.write_failure("".join(traceback.format_exception(raised)))
    return None


def _launcher(context: HydraContext, task_function: TaskFunction, master: DictConfig) -> Launch:
    def launch(jobs: list[list[str]]) -> Sequence[JobReturn]:
        launcher = Plugins.instance().instantiate_launcher(
            hydra_context=context, task_function=task_function, config=master
        )
        return launcher.launch(jobs, initial_job_idx=0)

    return launch


def _all_logged(store: Store, runs: list[PlannedRun]) -> bool:
    """Tell whether the store has all these complete runs; MLflow is not imported for it."""
    key = cache(store.peek)
    return all(run.folder.logged(key(run.experiment)) for run in runs)


def _refuse_two_grids(master: DictConfig) -> None:
    choices = master.hydra.runtime.choices
    if choices.get("sweep") == "pipeline" and choices.get("experiment") is not None:
        raise UserError(
            f"experiment={choices.experiment} sweep=pipeline: each brings a grid of its own; give one of them"
        )


def _workers(master: DictConfig) -> int:
    jobs = int(master.hydra.launcher.get("n_jobs") or 1)
    return jobs if jobs > 0 else os.cpu_count() or 1


def _reason(run: PlannedRun) -> str:
    path = run.folder.path / FAILURE
    text = path.read_text().strip().splitlines() if path.is_file() else []
    return f"{text[-1] if text else 'no word of why'} ({path})"


def _save_multirun(master: DictConfig) -> Path:
    """Write the sweep's config as Hydra does, with the grid itself where the config refers to params.yaml."""
    path = Path(master.hydra.sweep.dir) / MULTIRUN
    path.parent.mkdir(parents=True, exist_ok=True)
    resolved = master.copy()
    with open_dict(resolved):
        resolved.hydra.sweeper = OmegaConf.to_container(master.hydra.sweeper, resolve=True)
    OmegaConf.save(resolved, path)
    return path
