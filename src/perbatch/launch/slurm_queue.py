"""The end of jobs in SLURM's queue, of dead ones too.

Where SLURM keeps no accounts, submitit waits for ever for a job that was killed, and Hydra's launcher for it
gives up all jobs at the first that failed. So the end of a job is told here by its result or, without one, by
its leaving the queue.
"""

import logging
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn

from perbatch.advice import QUEUE
from perbatch.errors import UserError
from perbatch.launch.jobs import Absence

log = logging.getLogger(__name__)

POLL_SECONDS = 2.0
GRACE_SECONDS = 20.0
"""How long a result may take, over a network file system, to show here after its job has left the queue."""
SILENT_SECONDS = 60.0
"""How long SLURM may not answer before a word is said of it."""
CANCEL_SECONDS = 60.0
USUAL = {"None", "Resources", "Priority", "JobArrayTaskLimit", "BeginTime", "Dependency"}
"""Why SLURM lets jobs wait that will run in time; any other reason may hold them for ever."""


class QueuedJob:
    """One of submitit's jobs."""

    def __init__(self, job: Any) -> None:
        """It has just been queued."""
        self.id: str = job.job_id
        self._job = job
        self._left: float | None = None

    def look(self, queued: bool) -> None:
        """Take whether it is in the queue now."""
        self._left = None if queued else self._left or time.monotonic()

    @property
    def over(self) -> bool:
        """Whether it has left its result, or the queue without one."""
        gone = self._left is not None and time.monotonic() - self._left > GRACE_SECONDS
        return gone or self._job.paths.result_pickle.exists()

    def result(self) -> JobReturn | None:
        """Return what it returned; None where it was killed, or ended before it could start."""
        from submitit.core.utils import FailedJobError, UncompletedJobError

        if not self._job.paths.result_pickle.exists():
            return None
        try:
            return self._job.results()[0]
        except (FailedJobError, UncompletedJobError):
            return None

    def last_words(self) -> str:
        """Return the last line that it printed, and where."""
        path = Path(self._job.paths.stderr)
        lines = path.read_text(errors="replace").split("\n") if path.is_file() else []
        words = [line for line in lines if line.strip()]
        return f"SLURM job {self.id}: {words[-1] if words else 'no word of why'} ({path})"

    def cancel(self) -> None:
        """Have SLURM end it."""
        self._job.cancel(check=False)


class Queue:
    """An array of jobs in SLURM's queue."""

    def __init__(self, jobs: Sequence[QueuedJob]) -> None:
        """All have just been queued."""
        self._jobs, self._said = jobs, set(USUAL)
        self._silence = Absence(
            SILENT_SECONDS,
            f"SLURM has not answered squeue for {SILENT_SECONDS:.0f} s: the sweep waits on, for its jobs may "
            "be at work",
        )

    def look(self) -> None:
        """See which jobs are queued, say why they wait where that may be for ever, and wait a little."""
        queued = _queue()
        self._silence.look(queued is not None)
        if queued is not None:
            for job in self._jobs:
                job.look(job.id in queued)
            for reason in {queued[job.id] for job in self._jobs if job.id in queued} - self._said:
                log.warning("SLURM lets jobs wait (%s): `%s` shows them", reason, QUEUE)
                self._said.add(reason)
        time.sleep(POLL_SECONDS)

    def cancel(self) -> None:
        """Cancel the jobs, and wait, at most a minute, until they have left the queue.

        A job at work lives on for SLURM's `KillWait`: until then its run is not free, nor over in MLflow.
        """
        for job in self._jobs:
            job.cancel()
        log.info("the jobs are cancelled; SLURM may take half a minute to end those at work")
        end = time.monotonic() + CANCEL_SECONDS
        ids = {job.id for job in self._jobs}
        while time.monotonic() < end:
            queued = _queue()
            if queued is not None and not ids & queued.keys():
                return
            time.sleep(POLL_SECONDS)
        log.warning("cancelled jobs are still in SLURM's queue: `%s` shows them", QUEUE)


def _queue() -> dict[str, str] | None:
    """This user's jobs that wait, run or are about to end, and why they wait; None while SLURM is silent."""
    try:
        lines = ask("squeue", "--me", "-h", "-r", "-o", "%i %r").splitlines()
    except UserError:
        return None
    return {job: reason for job, _, reason in (line.partition(" ") for line in lines)}


def ask(*command: str) -> str:
    """What one of SLURM's commands prints; a UserError where it fails."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError) as error:
        words = str(getattr(error, "stderr", "") or error).strip().splitlines()
        raise UserError(f"SLURM does not answer {command[0]}: {words[-1] if words else error}") from None
