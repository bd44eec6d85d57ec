"""Jobs on a Dask cluster, by joblib's own backend for it: workers come and go, and share no disk.

A worker trains in the run folders of its own machine. What it made goes back with the job, and the driver
puts it into its own run folders: those are the truth.
"""

import platform
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cloudpickle
from hydra.core.hydra_config import HydraConfig
from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, JobStatus, run_job, setup_globals
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict

from perbatch.errors import UserError
from perbatch.sweep import identity, packs, plan
from perbatch.sweep.cli import sentence
from perbatch.sweep.folder import RunFolder
from perbatch.sweep.remote import WorkersDied

if TYPE_CHECKING:
    from distributed import Client

Folders = dict[str, dict[str, bytes]]
"""Files of run folders, by their names below the folder of all runs."""

CONNECT_SECONDS = 15
INSTALL = "pip install distributed"
START = "`dask scheduler` starts one, `dask worker ADDRESS --nthreads 1` its workers"


def check(launcher: DictConfig) -> None:
    """Raise a UserError where the cluster is not there, or its workers could not train these runs."""
    with _client(launcher.address) as client:
        workers = client.scheduler_info(n_workers=-1)["workers"]
        if many := [address for address, each in workers.items() if each["nthreads"] != 1]:
            raise UserError(
                f"the Dask worker {many[0]} runs several jobs in one process, which Hydra's do not stand: "
                "start it with --nthreads 1 (and --nworkers for one process a core)"
            )
        for address, code in client.run(identity.code, on_error="return").items():
            if isinstance(code, Exception):
                raise UserError(
                    f"the Dask worker {address} cannot use perbatch ({code}): "
                    "install this checkout and its environment there"
                )
            if code != identity.code():
                raise UserError(
                    f"the Dask worker {address} has other code than this checkout: bring both to one commit"
                )


def launch(
    settings: Mapping[str, Any],
    context: HydraContext,
    task: TaskFunction,
    master: DictConfig,
    jobs: Sequence[Sequence[str]],
) -> list[JobReturn]:
    """Run the jobs; `settings` has the scheduler's address. A worker that dies leaves its job to another.

    Raises WorkersDied, after all others have ended, where jobs took one worker after another down.
    """
    # One parcel of bytes: a large object Dask would keep on one worker, and lose with it.
    common = zlib.compress(cloudpickle.dumps((context, task, master, Singleton.get_state())))
    done: dict[int, JobReturn] = {}
    with _client(settings["address"]) as client:
        while waiting := {number: list(jobs[number]) for number in range(len(jobs)) if number not in done}:
            before = len(done)
            error = _run(client, common, waiting, done, master)
            if error is not None and len(done) == before:
                break
        # Which of them does it? One that is left alone has shown it already.
        for number, overrides in waiting.items() if len(waiting) > 1 else ():
            error = _run(client, common, {number: overrides}, done, master) or error
    if len(done) < len(jobs):
        raise WorkersDied([done.get(number) for number in range(len(jobs))], str(error))
    return [done[number] for number in range(len(jobs))]


def _run(
    client: "Client",
    common: bytes,
    jobs: Mapping[int, list[str]],
    done: dict[int, JobReturn],
    master: DictConfig,
) -> Exception | None:
    """Run jobs and keep what comes back, as it comes; return what Dask raises where one kills its workers."""
    from distributed import KilledWorker
    from joblib import Parallel, delayed, parallel_config
    from joblib._dask import DaskDistributedBackend

    class Backend(DaskDistributedBackend):
        def effective_n_jobs(self, n_jobs: int) -> int:
            # With one worker joblib would run all jobs here, in the driver, and no other could join.
            return max(2, super().effective_n_jobs(n_jobs))

    with parallel_config(Backend(client=client)):
        results = Parallel(batch_size=1, pre_dispatch="all", return_as="generator_unordered")(
            delayed(_execute)(common, overrides, number) for number, overrides in jobs.items()
        )
        try:
            for number, job, folders in results:
                for name, files in folders.items():
                    RunFolder(Path(master.hydra.sweep.dir, name)).take(files)
                done[number] = job
        except KilledWorker as error:
            return error
    return None


def _execute(common: bytes, overrides: list[str], number: int) -> tuple[int, JobReturn, Folders]:
    """Run one job on the worker; return its number, what Hydra reports, and the folders of its runs."""
    context, task, master, singletons = cloudpickle.loads(zlib.decompress(common))
    setup_globals()
    Singleton.set_state(singletons)
    loader = context.config_loader
    try:
        names = [plan.subfolder(each, loader, master) for each in packs.unpack(overrides)]
    except Exception as error:  # the data are not here, or others: what the run is called depends on them
        return number, _failed(error), {}
    config = loader.load_sweep_config(master, overrides)
    with open_dict(config):
        config.hydra.job.id, config.hydra.job.num = str(number), number
    HydraConfig.instance().set_config(config)
    job = run_job(
        hydra_context=context,
        task_function=task,
        config=config,
        job_dir_key="hydra.sweep.dir",
        job_subdir_key="hydra.sweep.subdir",
    )
    return number, job, {name: RunFolder(Path(master.hydra.sweep.dir, name)).files() for name in names}


def _failed(error: Exception) -> JobReturn:
    job = JobReturn()
    job.status, job.return_value = (
        JobStatus.FAILED,
        UserError(f"{platform.node()}: {sentence(error) or error}"),
    )
    return job


@contextmanager
def _client(address: str | None) -> Iterator["Client"]:
    try:
        from distributed import Client
    except ImportError:
        raise UserError(f"hydra/launcher=cluster: Dask is not installed: {INSTALL}") from None
    if address is None:
        raise UserError(
            "hydra/launcher=cluster: which cluster? Give hydra.launcher.address=tcp://HOST:8786 or set "
            f"DASK_SCHEDULER_ADDRESS; {START}"
        )
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
    except (OSError, ValueError, TimeoutError) as error:
        raise UserError(
            f"hydra.launcher.address={address}: no Dask cluster answers ({error}); {START}"
        ) from None
    with client:
        yield client
