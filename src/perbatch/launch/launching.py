"""Handing a sweep's missing runs to Hydra's launcher until each has ended, whatever its workers do."""

import logging
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress

from filelock import Timeout
from hydra._internal.callbacks import Callbacks
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from perbatch.errors import UserError
from perbatch.launch import packs, remote
from perbatch.launch.job import ForgetConfigs
from perbatch.launch.packs import ONE, PackSize
from perbatch.launch.remote import WorkersDied
from perbatch.runs.folder import RunFolder
from perbatch.runs.planned import PlannedRun

log = logging.getLogger(__name__)

TRIES = 2
"""Times that a launcher may fail before any run began: a worker may have been killed at its start."""

Overrides = Callable[[PlannedRun], list[str]]


class Launching:
    """One sweep's way to its workers."""

    def __init__(
        self,
        context: HydraContext,
        task: TaskFunction,
        master: DictConfig,
        overrides: Overrides,
        size: PackSize,
        said: Callable[[Exception], str | None],
    ) -> None:
        """`overrides` gives those of a run's job, `size` how many runs a job gets.

        `said` tells in a sentence what the user can mend of an error, None where that is nothing.
        """
        # Callbacks are told of each run, in the job: not of the job that holds several.
        bare = HydraContext(context.config_loader, Callbacks())
        bare.callbacks.callbacks.append(ForgetConfigs())
        self._handed = bare, packs.PackedTask(task, context, master), master
        self._overrides, self._size, self._said = overrides, size, said
        self._apart = remote.is_remote(master)
        self._replaced: dict[str, tuple[int, int] | None] = {}
        self._numbers: dict[str, int] = {}

    def prepare(self, missing: Sequence[PlannedRun], rerun: bool) -> None:
        """Clear the folders of what is damaged and of earlier failures.

        A complete run that is to be trained again stays until its own training begins, for the sweep may be
        stopped long before.
        """
        for number, run in enumerate(missing):
            self._numbers[run.identity] = number
            _clear(run.folder, rerun)
            if rerun:
                self._replaced[run.identity] = run.folder.written

    def ended(self, run: PlannedRun) -> bool:
        """Return whether nothing more is to come of a run in this sweep: it failed, or is complete anew."""
        return run.folder.failed or run.folder.written not in (None, self._replaced.get(run.identity))

    def train(self, missing: Sequence[PlannedRun]) -> None:
        """Hand out the prepared runs. Where a worker dies, its run alone fails: the others go out again.

        A worker that dies takes one machine's launcher down, and with it the other workers' runs. Those that
        were under way are under suspicion; each is tried once more, alone.
        """
        waiting, suspects, tries = list(missing), list[PlannedRun](), TRIES
        size = self._size
        while waiting:
            error, dead = self._launch(waiting, size)
            left = self._not_ended(waiting)
            if error is None:
                _note_other_runs([run for run in left if run.identity not in self._not_begun])
                waiting, size = [run for run in left if run.identity in self._not_begun], ONE
                continue
            if len(left) == len(waiting) and not any(run.folder.under_way for run in left):
                tries -= 1
                _give_up(error, self._said(error), tries)
            hidden = [run.identity for group in dead for run in self._suspect_one_of(group)]
            suspected = [run for run in left if run.folder.under_way or run.identity in hidden]
            suspects += suspected
            waiting = [run for run in left if run not in suspected]
        self._try_again(suspects)

    def _not_ended(self, runs: Sequence[PlannedRun]) -> list[PlannedRun]:
        return [run for run in runs if not self.ended(run)]

    def _suspect_one_of(self, group: Sequence[PlannedRun]) -> Sequence[PlannedRun]:
        """Where a job died and the driver cannot see at which run, give the first that has not ended."""
        left = self._not_ended(group)
        return [] if any(run.folder.under_way for run in left) else left[:1]

    def _try_again(self, suspects: Sequence[PlannedRun]) -> None:
        for run in suspects:
            log.warning("%s: a worker died during this run; it is tried once more, alone", run.name)
        # Where jobs are processes of a cluster's own, the death of one leaves the others alone.
        groups = [suspects] if self._apart and suspects else [[run] for run in suspects]
        for group in groups:
            error, _ = self._launch(group, ONE)
            for run in group:
                if error is not None and not self.ended(run):
                    run.folder.write_failure(f"its worker died: {error}")
                    log.error("FAILED: %s: its worker died", run.name)

    def _launch(
        self, runs: Sequence[PlannedRun], size: PackSize
    ) -> tuple[Exception | None, list[Sequence[PlannedRun]]]:
        """Hand runs to the launcher; return what it raised, and the runs of each job that died.

        A job that raised leaves that in its runs' folders.
        """
        self._not_begun: set[str] = set()
        groups = [runs[start : start + size.runs] for start in range(0, len(runs), size.runs)]
        context, task, master = self._handed
        launcher = Plugins.instance().instantiate_launcher(
            hydra_context=context, task_function=task, config=master
        )
        jobs: Sequence[JobReturn | None]
        error: Exception | None = None
        dead: list[Sequence[PlannedRun]] = []
        try:
            try:
                jobs = launcher.launch([self._pack(group, size) for group in groups], initial_job_idx=0)
            except WorkersDied as death:
                jobs, error = death.returns, death
            for group, job in zip(groups, jobs, strict=True):
                if job is None:
                    dead.append(group)
                else:
                    for run, own in zip(group, packs.returns(job, len(group)), strict=True):
                        self._note(run, own)
        except Exception as raised:
            return raised, []
        return error, dead

    def _pack(self, runs: Sequence[PlannedRun], size: PackSize) -> list[str]:
        numbered = [(self._numbers[run.identity], self._overrides(run)) for run in runs]
        return packs.pack(numbered, size.seconds)

    def _note(self, run: PlannedRun, job: JobReturn) -> None:
        if job.status == JobStatus.UNKNOWN:
            self._not_begun.add(run.identity)
        if job.status == JobStatus.FAILED and not self.ended(run):
            raised = job._return_value  # the property would raise it, below a line of Hydra's own
            run.folder.write_failure("".join(traceback.format_exception(raised)))


def _give_up(error: Exception, said: str | None, tries: int) -> None:
    """Raise a UserError where a launcher failed before any run began, and another try would not mend that."""
    if isinstance(error, UserError):
        raise error
    if said is not None:  # a disk that takes no more, a folder that may not be written, settings of logging
        raise UserError(f"no run began: {said}") from error
    if tries == 0:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise UserError(f"no run began, {TRIES} times: the launcher failed with {reason}") from error


def _note_other_runs(runs: Sequence[PlannedRun]) -> None:
    for run in runs:
        run.folder.write_failure(
            "its job made another run: the worker has other code, data or libraries than the driver"
        )


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
