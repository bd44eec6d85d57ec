"""Jobs in SLURM, by submitit: one array, waited for to the last job, dead ones too.

Where SLURM keeps no accounts, submitit waits for ever for a job that was killed, and Hydra's launcher for it
gives up all jobs at the first that failed. So the end of a job is told here by its result or, without one, by
its leaving the queue.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from perbatch.errors import UserError
from perbatch.sweep.places import CHECKOUT
from perbatch.sweep.remote import WorkersDied
from perbatch.sweep.slurm_job import SlurmJob

POLL_SECONDS = 2.0
GRACE_SECONDS = 20.0
"""How long a result may take, over a network file system, to show here after its job has left the queue."""
SIGNAL_EARLY_SECONDS = 30
"""SLURM looks every 30 s at which jobs are to get the signal before their time is up."""
INSTALL = "pip install hydra-submitit-launcher"


def check(launcher: DictConfig) -> None:
    """Raise a UserError where no job could be handed to SLURM: software or the partition is missing."""
    try:
        import hydra_plugins.hydra_submitit_launcher  # noqa: F401
        import submitit  # noqa: F401
    except ImportError:
        raise UserError(f"hydra/launcher=slurm: submitit is not installed: {INSTALL}") from None
    if shutil.which("sbatch") is None:
        raise UserError(
            "hydra/launcher=slurm: sbatch is not on this machine: start the sweep where SLURM takes jobs"
        )
    _refuse_short(_complete(launcher))
    partitions = [line.rstrip("*") for line in _ask("sinfo", "-h", "-o", "%P").split()]
    if launcher.get("partition") is not None and launcher.partition not in partitions:
        raise UserError(
            f"hydra.launcher.partition={launcher.partition}: must be one of {', '.join(partitions)}"
        )


def launch(
    settings: Mapping[str, Any],
    context: HydraContext,
    task: TaskFunction,
    master: DictConfig,
    jobs: Sequence[Sequence[str]],
) -> list[JobReturn]:
    """Run the jobs; `settings` are those of Hydra's own launcher for submitit.

    Raises WorkersDied, after all jobs have ended, where some ended without a result.
    """
    _refuse_large_array(len(jobs), master.hydra.sweeper.runs_per_job)
    from hydra_plugins.hydra_submitit_launcher.submitit_launcher import SlurmLauncher

    params = _complete(settings)
    job = SlurmLauncher(**params)
    job.setup(hydra_context=context, task_function=task, config=master)
    # A job must run the code of this checkout, wherever an installation points.
    paths = [str(CHECKOUT / "src"), os.environ.get("PYTHONPATH")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    last_word = (
        f"its SLURM job ran out of time, and was queued again max_num_timeout={params['max_num_timeout']} "
        f"times (timeout_min={params['timeout_min']}): give it more minutes, or fewer runs"
    )
    numbers = range(len(jobs))
    submitted = _executor(params).map_array(
        SlurmJob(job, last_word),
        [list(overrides) for overrides in jobs],
        ["hydra.sweep.dir" for _ in numbers],
        list(numbers),
        [f"job_id_for_{number}" for number in numbers],
        [Singleton.get_state() for _ in numbers],
    )
    try:
        _wait(submitted)
    except BaseException:
        for each in submitted:
            each.cancel(check=False)
        raise
    returns = [_result(each) for each in submitted]
    dead = [each for each, result in zip(submitted, returns, strict=True) if result is None]
    if dead:
        raise WorkersDied(returns, f"SLURM job {dead[0].job_id}: {_last_words(dead[0])}")
    return [each for each in returns if each is not None]


def _complete(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with the defaults of Hydra's launcher for submitit, which also knows their types."""
    from hydra_plugins.hydra_submitit_launcher.config import SlurmQueueConf

    known = OmegaConf.structured(SlurmQueueConf)
    for key in settings:
        if key not in known:
            raise UserError(
                f"hydra.launcher.{key}: is no setting of SLURM's; the settings are {', '.join(known)}"
            )
    complete = OmegaConf.to_container(OmegaConf.merge(known, dict(settings)), resolve=True)
    return {str(key): value for key, value in complete.items() if key != "_target_"}  # type: ignore[union-attr]


def _executor(params: Mapping[str, Any]) -> Any:
    import submitit
    from hydra_plugins.hydra_submitit_launcher.config import BaseQueueConf

    executor = submitit.AutoExecutor(
        folder=params["submitit_folder"], cluster="slurm", slurm_max_num_timeout=params["max_num_timeout"]
    )
    common = set(OmegaConf.structured(BaseQueueConf).keys())
    own = {"submitit_folder", "max_num_timeout", "_target_"}
    executor.update_parameters(
        **{key if key in common else f"slurm_{key}": params[key] for key in params if key not in own}
    )
    return executor


def _wait(jobs: Sequence[Any]) -> None:
    """Wait until each job has left its result, or has left the queue without one."""
    gone: dict[str, float] = {}
    while waiting := [job for job in jobs if not job.paths.result_pickle.exists()]:
        queued = _queue()
        if queued is not None:
            now = time.monotonic()
            gone = {job.job_id: gone.get(job.job_id, now) for job in waiting if job.job_id not in queued}
            if all(now - gone.get(job.job_id, now) > GRACE_SECONDS for job in waiting):
                return
        time.sleep(POLL_SECONDS)


def _queue() -> set[str] | None:
    """The jobs of this user that wait, run or are about to end; None while SLURM's controller is silent."""
    try:
        return set(_ask("squeue", "--me", "-h", "-r", "-o", "%i").split())
    except UserError:
        return None


def _result(job: Any) -> JobReturn | None:
    """What a job returned; None where it was killed, or ended before it could start."""
    from submitit.core.utils import FailedJobError, UncompletedJobError

    if not job.paths.result_pickle.exists():
        return None
    try:
        return job.results()[0]
    except (FailedJobError, UncompletedJobError):
        return None


def _last_words(job: Any) -> str:
    path = Path(job.paths.stderr)
    lines = path.read_text(errors="replace").split("\n") if path.is_file() else []
    words = [line for line in lines if line.strip()]
    return f"{words[-1] if words else 'no word of why'} ({path})"


def _refuse_short(settings: Mapping[str, Any]) -> None:
    minutes, delay = settings["timeout_min"], settings["signal_delay_s"]
    if 60 * minutes <= delay + SIGNAL_EARLY_SECONDS:
        raise UserError(
            f"hydra.launcher.timeout_min={minutes}: leaves a job no time, for SLURM tells it up to "
            f"{SIGNAL_EARLY_SECONDS} s before signal_delay_s={delay} that its time is up: more minutes, or "
            "fewer seconds"
        )


def _refuse_large_array(jobs: int, runs_per_job: int) -> None:
    for line in _ask("scontrol", "show", "config").splitlines():
        name, _, value = line.partition("=")
        if name.strip() == "MaxArraySize" and jobs >= int(value):
            enough = -(-jobs * runs_per_job // (int(value) - 1))
            raise UserError(
                f"{jobs} jobs are more than this SLURM takes at once ({int(value) - 1}): put several runs "
                f"into a job, hydra.sweeper.runs_per_job={enough} or more"
            )


def _ask(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError) as error:
        words = str(getattr(error, "stderr", "") or error).strip().splitlines()
        raise UserError(f"SLURM does not answer: {command[0]}: {words[-1] if words else error}") from None
