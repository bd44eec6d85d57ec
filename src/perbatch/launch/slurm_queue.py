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

log = logging.getLogger(__name__)

POLL_SECONDS = 2.0
GRACE_SECONDS = 20.0
"""How long a result may take, over a network file system, to show here after its job has left the queue."""
SILENT_SECONDS = 60.0
"""How long SLURM may not answer before a word is said of it."""
CANCEL_SECONDS = 60.0
USUAL = {"None", "Resources", "Priority", "JobArrayTaskLimit", "BeginTime", "Dependency"}
"""Why SLURM lets jobs wait that will run in time; any other reason may hold them for ever."""


def wait(jobs: Sequence[Any]) -> None:
    """Wait until each of submitit's jobs has left its result, or has left the queue without one."""
    gone: dict[str, float] = {}
    said = set(USUAL)
    silence = _Silence()
    while waiting := [job for job in jobs if not job.paths.result_pickle.exists()]:
        queued = _queue()
        silence.look(queued is not None)
        if queued is not None:
            now = time.monotonic()
            gone = {job.job_id: gone.get(job.job_id, now) for job in waiting if job.job_id not in queued}
            if all(now - gone.get(job.job_id, now) > GRACE_SECONDS for job in waiting):
                return
            for reason in {queued.get(job.job_id, "None") for job in waiting} - said:
                log.warning("SLURM lets jobs wait (%s): `%s` shows them", reason, QUEUE)
                said.add(reason)
        time.sleep(POLL_SECONDS)


class _Silence:
    """How long SLURM has not answered: said once it is long. Its jobs may be at work, so the sweep waits."""

    def __init__(self) -> None:
        self._since, self._said = time.monotonic(), False

    def look(self, answered: bool) -> None:
        """Take whether SLURM has just answered."""
        if answered:
            self._since, self._said = time.monotonic(), False
        elif time.monotonic() - self._since > SILENT_SECONDS and not self._said:
            log.warning(
                "SLURM has not answered squeue for %.0f s: the sweep waits on, for its jobs may be at work",
                time.monotonic() - self._since,
            )
            self._said = True


def cancel(jobs: Sequence[Any]) -> None:
    """Cancel submitit's jobs, and wait, at most a minute, until they have left the queue.

    A job at work lives on for SLURM's `KillWait`: until then its run is not free, nor over in MLflow.
    """
    for job in jobs:
        job.cancel(check=False)
    log.info("the jobs are cancelled; SLURM may take half a minute to end those at work")
    end = time.monotonic() + CANCEL_SECONDS
    ids = {job.job_id for job in jobs}
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


def result(job: Any) -> JobReturn | None:
    """What a job returned; None where it was killed, or ended before it could start."""
    from submitit.core.utils import FailedJobError, UncompletedJobError

    if not job.paths.result_pickle.exists():
        return None
    try:
        return job.results()[0]
    except (FailedJobError, UncompletedJobError):
        return None


def last_words(job: Any) -> str:
    """The last line that one of submitit's jobs printed, and where."""
    path = Path(job.paths.stderr)
    lines = path.read_text(errors="replace").split("\n") if path.is_file() else []
    words = [line for line in lines if line.strip()]
    return f"{words[-1] if words else 'no word of why'} ({path})"


def ask(*command: str) -> str:
    """What one of SLURM's commands prints; a UserError where it fails."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError) as error:
        words = str(getattr(error, "stderr", "") or error).strip().splitlines()
        raise UserError(f"SLURM does not answer {command[0]}: {words[-1] if words else error}") from None
