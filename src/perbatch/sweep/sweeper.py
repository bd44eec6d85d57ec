"""The sweep: expand the grid, check it, see what is done, hand the rest to the launcher, write the tables."""

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict

from perbatch import checks
from perbatch.errors import UserError
from perbatch.files import replace
from perbatch.launch import launchers, packs
from perbatch.launch.launching import Launching
from perbatch.runs.folder import FAILURE
from perbatch.runs.planned import PlannedRun
from perbatch.runs.run import Run
from perbatch.sweep import disk, grid, locks, lost, plan, record, tables
from perbatch.sweep.compose import CachingLoader
from perbatch.sweep.parents import Found, Parents
from perbatch.sweep.progress import watch
from perbatch.sweep.sentences import of_logging, sentence

log = logging.getLogger(__name__)

MULTIRUN = "multirun.yaml"


Rounds = Callable[[plan.Plan, CachingLoader], Iterator[Sequence[list[str]]]]
"""Gives the combinations to train, round by round; the plan has all earlier ones, complete by then."""


class Search(Protocol):
    """What asks for combinations instead of a grid; `name` is what MLflow calls it."""

    name: str

    def describe(self) -> dict[str, Any]:
        """Return what is searched and how, and at last what is best, as it is written beside the tables."""

    def found(self) -> Found:
        """Return what it found, once all rounds are complete."""


@dataclass(frozen=True)
class Call:
    """What the sweeper's config, the command line and Hydra hand to a sweep, in that order."""

    params: Mapping[str, Any]
    grids: Sequence[Mapping[str, Any]]
    limit: int
    runs_per_job: int | None
    arguments: list[str]
    context: HydraContext
    task: TaskFunction
    master: DictConfig


def sweep(call: Call) -> list[str]:
    """Run the sweep of the grid, overridden and extended by the command line's arguments.

    Returns the identities of its runs. Errors as of `run`.
    """

    def whole(_: plan.Plan, loader: CachingLoader) -> Iterator[Sequence[list[str]]]:
        yield grid.expand(call.params, call.arguments, loader, call.grids, call.limit)

    return run(whole, call)


def run(rounds: Rounds, call: Call, search: Search | None = None) -> list[str]:
    """Train the runs of all rounds, those of one complete before the next is asked for.

    Where a `search` asks, jobs are numbered by their combination, reused or not. Returns the identities of
    the runs. Errors: a UserError before anything starts where a combination cannot run, and after everything
    ended where runs failed.
    """
    master, runs_per_job = call.master, call.runs_per_job
    _refuse_two_grids(master)
    if runs_per_job is not None and not checks.whole(runs_per_job, 1):
        raise UserError(
            f"hydra.sweeper.runs_per_job={runs_per_job}: must be a whole number of at least 1, or null"
        )
    loader = CachingLoader(call.context.config_loader)
    planned = plan.Plan()
    asked = rounds(planned, loader)
    part = _next(asked, planned, loader, master)
    if part is None:
        return []
    results = master.sweep.results
    ran_with = "" if results is None else tables.settings_json(planned, loader, master)
    if said := disk.check(_needs(planned, master)):
        log.warning(said)
    if master.dry_run:
        for line in planned.table():
            log.info(line)
        return planned.order
    store = record.store_of(master.tracking.uri)
    store.check()
    # What is complete costs no look at MLflow's runs: on to the first round that has something to train.
    while not part.missing and (following := _next(asked, planned, loader, master)):
        part = following
    all_logged = lost.mend(store, planned.reused)
    if planned.missing:
        launchers.check(master)
    unended = locks.left() or any(map(locks.is_over, store.running()))
    if planned.missing or unended or not all_logged:
        context = HydraContext(loader, call.context.callbacks)
        extra = launchers.overrides(master, store.uri)
        searching = search.name if search else ""
        with Parents(planned, store, _save_multirun(master), master.sweep.name, searching) as parents:

            def told(run: PlannedRun) -> list[str]:
                return [f"tracking.parent={parents.of(run)}", *extra]

            size = _pack_size(planned, master) if runs_per_job is None else packs.PackSize(runs_per_job)
            launching = Launching(context, call.task, master, told, size, _said)
            following = part
            while following:
                launching.prepare(following.missing, master.rerun, by_combination=search is not None)
                with watch(planned, launching.ended):
                    launching.train(following.missing)
                if _failed(following.missing):
                    break
                if following := _next(asked, planned, loader, master):
                    lost.mend(store, following.reused)
            if search and not following:
                parents.found = search.found()
            parents.log_missing(lambda overrides: Run.of(loader.settings(master, overrides)))
    failed = _failed(planned.missing)
    if results is not None:
        rows = {
            run.identity: Run.of(loader.settings(master, run.overrides)).describe() | {"status": "failed"}
            for run in failed
        }
        if search is not None:  # later rounds may differ in more
            ran_with = tables.settings_json(planned, loader, master, search.describe())
        tables.write(planned.runs, rows, ran_with, Path(results))
    if failed:
        raise UserError(
            f"{len(failed)} of {len(planned.order)} runs failed, the first with {_reason(failed[0])}; "
            "the same command trains only those that failed"
        )
    log.info(planned.outcome(results))
    return planned.order


def _next(
    asked: Iterator[Sequence[list[str]]], planned: plan.Plan, loader: CachingLoader, master: DictConfig
) -> plan.Plan | None:
    """Plan the next round, and say what is in it; None where there is no other."""
    combinations = next(asked, None)
    if combinations is None:
        return None
    part = plan.extend(planned, combinations, loader, master)
    log.info(part.sentence(_workers(master)))
    return part


def _failed(runs: Sequence[PlannedRun]) -> list[PlannedRun]:
    # What was to be trained again may be complete, from before, and have failed too.
    return [run for run in runs if run.folder.failed or not run.folder.complete]


def _needs(planned: plan.Plan, master: DictConfig) -> dict[Path, int]:
    """Bytes that the sweep needs on disk, by folder."""
    missing = sum(run.weights for run in planned.missing)
    copies = dict(run.copy for run in planned.missing if run.copy)
    needed = missing * (1 if record.store_of(master.tracking.uri).is_server else disk.COPIES)
    if missing and master.sweep.results is not None:
        # In the table the rows are padded to the longest.
        needed += max(run.weights for run in planned.runs) * len(planned.runs)
    return {Path(master.hydra.sweep.dir): needed, **copies}


def _said(error: Exception) -> str | None:
    return sentence(error) if isinstance(error, OSError) else of_logging(error)


def _refuse_two_grids(master: DictConfig) -> None:
    choices = master.hydra.runtime.choices
    if choices.get("sweep") == "pipeline" and choices.get("experiment") is not None:
        raise UserError(
            f"experiment={choices.experiment} sweep=pipeline: each brings a grid of its own; give one of them"
        )


def _pack_size(planned: plan.Plan, master: DictConfig) -> packs.PackSize:
    workers = None if launchers.kind(master).remote else _workers(master)
    return packs.size(workers, planned.seconds_each())


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
    resolved = master.copy()
    with open_dict(resolved):
        resolved.hydra.sweeper = OmegaConf.to_container(master.hydra.sweeper, resolve=True)
    replace(path, OmegaConf.to_yaml(resolved))
    return path
