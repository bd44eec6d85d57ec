"""Handing a sweep's missing runs to Hydra's launcher until each has ended, whatever its workers do."""

import logging
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress

from filelock import Timeout
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from perbatch.errors import UserError
from perbatch.sweep import packs, remote
from perbatch.sweep.folder import RunFolder
from perbatch.sweep.plan import PlannedRun
from perbatch.sweep.remote import WorkersDied

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
        runs_per_job: int,
    ) -> None:
        """`overrides` gives those of a run's job; a job trains `runs_per_job` runs, one after another."""
        packed = packs.PackedTask(task, context, master) if runs_per_job > 1 else task
        self._handed = context, packed, master
        self._overrides, self._runs_per_job = overrides, runs_per_job
        self._apart = remote.is_remote(master)

    def train(self, missing: Sequence[PlannedRun], rerun: bool) -> None:
        """Hand out the missing runs. Where a worker dies, its run alone fails: the others go out again.

        A worker that dies takes one machine's launcher down, and with it the other workers' runs. Those that
        were under way are under suspicion; each is tried once more, alone.
        """
        for run in missing:
            _clear(run.folder, rerun)
        waiting, suspects, tries = list(missing), list[PlannedRun](), TRIES
        while waiting:
            error, dead = self._launch(waiting, self._runs_per_job)
            left = [run for run in waiting if not run.folder.ended]
            if error is None:
                _note_other_runs(left)
                break
            if len(left) == len(waiting) and not any(run.folder.started for run in left):
                tries -= 1
                _give_up(error, tries)
            for group in dead:
                _suspect_one_of(group)
            suspects += [run for run in left if run.folder.started]
            waiting = [run for run in left if not run.folder.started]
        self._try_again(suspects)

    def _try_again(self, suspects: Sequence[PlannedRun]) -> None:
        for run in suspects:
            log.warning("%s: a worker died during this run; it is tried once more, alone", run.name)
        # Where jobs are processes of a cluster's own, the death of one leaves the others alone.
        groups = [suspects] if self._apart and suspects else [[run] for run in suspects]
        for group in groups:
            error, _ = self._launch(group, 1)
            for run in group:
                if error is not None and not run.folder.ended:
                    run.folder.write_failure(f"its worker died: {error}")
                    log.error("FAILED: %s: its worker died", run.name)

    def _launch(
        self, runs: Sequence[PlannedRun], runs_per_job: int
    ) -> tuple[Exception | None, list[Sequence[PlannedRun]]]:
        """Hand runs to the launcher; return what it raised, and the runs of each job that died.

        A job that raised leaves that in its runs' folders.
        """
        groups = [runs[start : start + runs_per_job] for start in range(0, len(runs), runs_per_job)]
        context, task, master = self._handed
        launcher = Plugins.instance().instantiate_launcher(
            hydra_context=context, task_function=task, config=master
        )
        jobs: Sequence[JobReturn | None]
        error: Exception | None = None
        try:
            jobs = launcher.launch(
                [packs.pack([self._overrides(run) for run in group]) for group in groups], initial_job_idx=0
            )
        except WorkersDied as death:
            jobs, error = death.returns, death
        except Exception as raised:
            return raised, []
        dead: list[Sequence[PlannedRun]] = []
        for group, job in zip(groups, jobs, strict=True):
            if job is None:
                dead.append(group)
            else:
                for run, own in zip(group, packs.returns(job, len(group)), strict=True):
                    _note_failure(run.folder, own)
        return error, dead


def _give_up(error: Exception, tries: int) -> None:
    """Raise a UserError where a launcher failed before any run began, and another try would not mend that."""
    if isinstance(error, UserError):
        raise error
    if tries == 0:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise UserError(f"no run began, {TRIES} times: the launcher failed with {reason}") from error


def _note_other_runs(runs: Sequence[PlannedRun]) -> None:
    for run in runs:
        run.folder.write_failure(
            "its job made another run: the worker has other code, data or libraries than the driver"
        )


def _suspect_one_of(group: Sequence[PlannedRun]) -> None:
    """Where a job died and the driver cannot see at which run, take the first that has not ended."""
    left = [run for run in group if not run.folder.ended]
    if left and not any(run.folder.started for run in left):
        left[0].folder.begin()


def _note_failure(folder: RunFolder, job: JobReturn) -> None:
    if job.status == JobStatus.FAILED and not folder.ended:
        raised = job._return_value  # the property would raise it, below a line of Hydra's own
        folder.write_failure("".join(traceback.format_exception(raised)))


def _clear(folder: RunFolder, rerun: bool) -> None:
    """Clear a folder of what is damaged or is to be trained again, and of an earlier failure.

    Another sweep may be at work on the run, or have completed it since the plan was made: that is kept.
    """
    with suppress(Timeout), folder.lock().acquire(blocking=False):
        if rerun or not folder.intact:
            folder.clear()
