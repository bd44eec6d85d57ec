"""Jobs in SLURM, by submitit: what is refused, and one array, waited for to the last job."""

import os
import shutil
from collections.abc import Mapping, Sequence
from typing import Any

from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import ValidationError

from perbatch import advice
from perbatch.errors import UserError
from perbatch.launch import packs, slurm_queue
from perbatch.launch.jobs import Handed, WorkersDied, gather
from perbatch.launch.slurm_job import SlurmJob
from perbatch.runs.places import CHECKOUT

SIGNAL_EARLY_SECONDS = 30
"""SLURM looks every 30 s at which jobs are to get the signal before their time is up."""


def check(launcher: DictConfig) -> None:
    """Raise a UserError where no job could be handed to SLURM: software or the partition is missing."""
    try:
        import hydra_plugins.hydra_submitit_launcher  # noqa: F401
        import submitit  # noqa: F401
    except ImportError:
        raise UserError(
            f"hydra/launcher=slurm: submitit is not installed: {advice.install('slurm')}"
        ) from None
    if shutil.which("sbatch") is None:
        raise UserError(
            "hydra/launcher=slurm: sbatch is not on this machine: start the sweep where SLURM takes jobs"
        )
    _refuse_short(_complete(launcher))
    partitions = [line.rstrip("*") for line in slurm_queue.ask("sinfo", "-h", "-o", "%P").split()]
    if launcher.get("partition") is not None and launcher.partition not in partitions:
        raise UserError(
            f"hydra.launcher.partition={launcher.partition}: must be one of {', '.join(partitions)}"
        )


def launch(settings: Mapping[str, Any], handed: Handed, jobs: Sequence[Sequence[str]]) -> list[JobReturn]:
    """Run the jobs; `settings` are those of Hydra's own launcher for submitit.

    Raises WorkersDied, after all jobs have ended, where some ended without a result.
    """
    _refuse_large_array(len(jobs), max(len(pack.runs) for pack in map(packs.of, jobs) if pack))
    from hydra_plugins.hydra_submitit_launcher.submitit_launcher import SlurmLauncher

    params = _complete(settings)
    job = SlurmLauncher(**params)
    job.setup(**handed._asdict())
    # A job must run the code of this checkout, wherever an installation points.
    paths = [str(CHECKOUT / "src"), os.environ.get("PYTHONPATH")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    last_word = (
        f"its SLURM job ran out of time ({params['timeout_min']} min), and was queued again "
        f"{params['max_num_timeout']} times (max_num_timeout): give it more minutes, or fewer runs"
    )
    queued = [slurm_queue.QueuedJob(each) for each in _submit(params, SlurmJob(job, last_word), jobs)]
    queue = slurm_queue.Queue(queued)
    try:
        return gather(queued, queue.look)
    except WorkersDied:
        raise
    except BaseException:
        queue.cancel()
        raise


def _complete(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with the defaults of Hydra's launcher for submitit, which also knows their types."""
    from hydra_plugins.hydra_submitit_launcher.config import SlurmQueueConf

    complete = OmegaConf.structured(SlurmQueueConf)
    for key, value in settings.items():
        if key not in complete:
            raise UserError(
                f"hydra.launcher.{key}: is no setting of SLURM's; the settings are {', '.join(complete)}"
            )
        try:
            complete[key] = value
        except ValidationError as error:
            raise UserError(f"hydra.launcher.{key}={value}: {str(error).splitlines()[0]}") from None
    plain = OmegaConf.to_container(complete, resolve=True)
    return {str(key): value for key, value in plain.items() if key != "_target_"}  # type: ignore[union-attr]


def _submit(params: Mapping[str, Any], job: SlurmJob, jobs: Sequence[Sequence[str]]) -> Sequence[Any]:
    """Queue an array of jobs; the arguments are those of a job of Hydra's launcher for submitit."""
    from submitit.core.utils import FailedJobError

    numbers = range(len(jobs))
    try:
        return _executor(params).map_array(
            job,
            [list(overrides) for overrides in jobs],
            ["hydra.sweep.dir" for _ in numbers],
            list(numbers),
            [f"job_id_for_{number}" for number in numbers],
            [Singleton.get_state() for _ in numbers],
        )
    except FailedJobError as error:
        raise UserError(f"SLURM took no job: {' '.join(str(error).split())}") from error


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


def _refuse_short(settings: Mapping[str, Any]) -> None:
    minutes, delay = settings["timeout_min"], settings["signal_delay_s"]
    if 60 * minutes <= delay + SIGNAL_EARLY_SECONDS:
        raise UserError(
            f"hydra.launcher.timeout_min={minutes}: leaves a job no time, for SLURM tells it up to "
            f"{SIGNAL_EARLY_SECONDS} s before the {delay} s of signal_delay_s that its time is up: more "
            "minutes, or fewer seconds"
        )


def _refuse_large_array(jobs: int, runs: int) -> None:
    """Refuse more jobs, of so many runs each, than SLURM takes as an array."""
    for line in slurm_queue.ask("scontrol", "show", "config").splitlines():
        name, _, value = line.partition("=")
        if name.strip() == "MaxArraySize" and jobs >= int(value):
            enough = -(-jobs * runs // (int(value) - 1))
            raise UserError(
                f"{jobs} jobs are more than this SLURM takes at once ({int(value) - 1}): put several "
                f"runs into a job, {advice.runs_per_job(enough)} or more"
            )
