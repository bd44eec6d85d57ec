"""Handing a sweep's missing runs to Hydra's launcher until each has ended, whatever its workers do."""

import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from filelock import Timeout
from hydra._internal.callbacks import Callbacks
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from perbatch.errors import UserError
from perbatch.launch import launchers, packs
from perbatch.launch.job import ForgetConfigs
from perbatch.launch.jobs import WorkersDied
from perbatch.launch.packs import ONE, Pack, PackSize
from perbatch.launch.states import Seen, Standing, State, after
from perbatch.runs.folder import RunFolder
from perbatch.runs.planned import ANOTHER, PlannedRun

log = logging.getLogger(__name__)

TRIES = 2
"""Times that a launcher may fail before any run began: a worker may have been killed at its start."""


class Launching:
    """One sweep's way to its workers."""

    def __init__(
        self,
        context: HydraContext,
        task: TaskFunction,
        master: DictConfig,
        told: Callable[[PlannedRun], list[str]],
        size: PackSize,
        said: Callable[[Exception], str | None],
    ) -> None:
        """`told` gives the overrides that a job gets beside its run's own, `size` how many runs it gets.

        `said` tells in a sentence what the user can mend of an error, None where that is nothing.
        """
        # Callbacks are told of each run, in the job: not of the job that holds several.
        bare = HydraContext(context.config_loader, Callbacks())
        bare.callbacks.callbacks.append(ForgetConfigs())
        self._handed = bare, packs.PackedTask(task, context, master), master
        self._told, self._size, self._said = told, size, said
        self._kind = launchers.kind(master)
        self._replaced: dict[str, tuple[int, int] | None] = {}
        self._numbers: dict[str, int] = {}
        self._standing: dict[str, Standing] = {}

    def prepare(self, missing: Sequence[PlannedRun], rerun: bool, by_combination: bool = False) -> None:
        """Number the runs, by their place among these or as planned, and clear their folders.

        Gone is what is damaged, and what was left of earlier failures.
        A complete run that is to be trained again stays until its own training begins, for the sweep may be
        stopped long before.
        """
        for place, run in enumerate(missing):
            self._numbers[run.identity] = run.number if by_combination else place
            self._standing[run.identity] = Standing()
            _clear(run.folder, rerun)
            if rerun:
                self._replaced[run.identity] = run.folder.written

    def ended(self, run: PlannedRun) -> bool:
        """Return whether nothing more is to come of a run in this sweep: it failed, or is complete anew."""
        return run.folder.failed or run.folder.written not in (None, self._replaced.get(run.identity))

    def train(self, missing: Sequence[PlannedRun]) -> None:
        """Hand out the prepared runs until each is gone. Where a worker dies, its run alone is suspected.

        A worker that dies takes one machine's launcher down, and with it the other workers' runs. Those that
        were under way are under suspicion; each is tried again, alone, when no other run waits.
        """
        failures = 0
        while runs := self._next(missing):
            alone = self._standing[runs[0].identity].state is State.SUSPECT
            seen, error = self._launch(runs, ONE if alone else self._size, alone)
            if error is not None and not {Seen.ENDED, Seen.DIED} & set(seen.values()):
                failures += 1
                _give_up(error, self._said(error), failures)
            for run in runs:
                self._move(run, seen[run.identity], error)

    def _next(self, runs: Sequence[PlannedRun]) -> list[PlannedRun]:
        """The runs that wait; else those under suspicion: all, or one where a death takes all down."""
        waiting, suspects = (
            [run for run in runs if self._standing[run.identity].state is state]
            for state in (State.WAITING, State.SUSPECT)
        )
        return waiting or (suspects if self._kind.remote else suspects[:1])

    def _move(self, run: PlannedRun, seen: Seen, error: Exception | None) -> None:
        self._standing[run.identity] = now = after(self._standing[run.identity], seen, self._kind.tries)
        if seen is Seen.OTHER:
            run.folder.write_failure(ANOTHER)
        if seen is Seen.DIED and now.state is State.SUSPECT:
            log.warning("%s: a worker died during this run; it is tried once more, alone", run.name)
        if seen is Seen.DIED and now.state is State.GONE:
            took = f"it took {now.deaths} {self._kind.workers} down"
            run.folder.write_failure(f"its worker died: {took}, at last with: {error}")
            log.error("FAILED: %s: its worker died", run.name)

    def _launch(
        self, runs: Sequence[PlannedRun], size: PackSize, alone: bool
    ) -> tuple[Mapping[str, Seen], Exception | None]:
        """Hand runs to the launcher; return what is seen of each, and what the launcher raised.

        A job that raised leaves that in its runs' folders.
        """
        groups = size.split(runs)
        context, task, master = self._handed
        launcher = Plugins.instance().instantiate_launcher(
            hydra_context=context, task_function=task, config=master
        )
        seen: dict[str, Seen] = {}
        jobs: Sequence[JobReturn | None]
        error: Exception | None = None
        try:
            try:
                jobs = launcher.launch([self._pack(group, size) for group in groups], initial_job_idx=0)
            except WorkersDied as death:
                jobs, error = death.returns, death
            for group, job in zip(groups, jobs, strict=True):
                seen |= self._of_dead(group, first=True) if job is None else self._of_job(group, job)
        except UserError:
            raise
        except Exception as raised:
            error = raised
            seen = self._of_dead(runs, first=alone)
        return seen, error

    def _pack(self, runs: Sequence[PlannedRun], size: PackSize) -> list[str]:
        numbered = [
            replace(run, number=self._numbers[run.identity], overrides=[*run.overrides, *self._told(run)])
            for run in runs
        ]
        return Pack(numbered, size.seconds).as_job()

    def _of_job(self, runs: Sequence[PlannedRun], job: JobReturn) -> dict[str, Seen]:
        """What is seen of the runs of a job that is done."""
        seen = {}
        for run, own in zip(runs, packs.returns(job, len(runs)), strict=True):
            if own.status == JobStatus.FAILED and not self.ended(run):
                raised = own._return_value  # the property would raise it, below a line of Hydra's own
                run.folder.write_failure("".join(traceback.format_exception(raised)))
            begun = Seen.NOT_BEGUN if own.status == JobStatus.UNKNOWN else Seen.OTHER
            seen[run.identity] = Seen.ENDED if self.ended(run) else begun
        return seen

    def _of_dead(self, runs: Sequence[PlannedRun], first: bool) -> dict[str, Seen]:
        """What is seen of runs whose job died: during those that are under way.

        Where the driver cannot see that, for they are on another machine, with `first` during the first that
        has not ended.
        """
        left = [run for run in runs if not self.ended(run)]
        dead = [run for run in left if run.folder.under_way] or (left[:1] if first else [])
        seen = dict.fromkeys([run.identity for run in runs], Seen.ENDED)
        seen |= dict.fromkeys([run.identity for run in left], Seen.NOT_BEGUN)
        return seen | dict.fromkeys([run.identity for run in dead], Seen.DIED)


def _give_up(error: Exception, said: str | None, failures: int) -> None:
    """Raise a UserError where a launcher failed before any run began, and another try would not mend that."""
    if said is not None:  # a disk that takes no more, a folder that may not be written, settings of logging
        raise UserError(f"no run began: {said}") from error
    if failures == TRIES:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise UserError(f"no run began, {TRIES} times: the launcher failed with {reason}") from error


def _clear(folder: RunFolder, rerun: bool) -> None:
    """Clear a folder of what is damaged or incomplete, and of an earlier failure.

    Another sweep may be at work on the run, or have completed it since the plan was made: that is kept.
    """
    with suppress(Timeout), folder.lock().acquire(blocking=False):
        # What is trained again need not be looked through for damage: its training clears it.
        if folder.complete if rerun else folder.intact:
            folder.forget_failure()
        else:
            folder.clear()
