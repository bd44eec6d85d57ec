"""Jobs on a Dask cluster, by Dask's own client: workers come and go, and share no disk.

A worker trains in the run folders of its own machine. What it made goes back with the job, and the driver
puts it into its own run folders: those are the truth.
"""

import logging
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cloudpickle
from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from perbatch import advice
from perbatch.errors import UserError
from perbatch.launch.dask_job import Contents, execute, failed
from perbatch.launch.remote import WorkersDied
from perbatch.runs import identity
from perbatch.runs.folder import RunFolder

if TYPE_CHECKING:
    from distributed import Client, KilledWorker

log = logging.getLogger(__name__)

Ended = tuple[int, "JobReturn | KilledWorker", Contents]
"""A job's number, what Hydra reports of it or Dask of its workers' deaths, and the folders of its runs."""

POLL_SECONDS = 0.5
RESTART_SECONDS = 10
"""How long a worker that died may take to be started again, before a word is said of it."""
CONNECT_SECONDS = 15
FETCH_SECONDS = 30
GONE = "the Dask scheduler is gone; start it again, and the same command goes on"
START = f"`{advice.SCHEDULER}` starts one, `{advice.worker()}` its workers"


def check(launcher: DictConfig) -> None:
    """Raise a UserError where the cluster is not there, or its workers could not train these runs."""
    minutes = launcher.no_worker_timeout_min
    if minutes is not None and not isinstance(minutes, int | float):
        raise UserError(f"hydra.launcher.no_worker_timeout_min={minutes}: must be minutes, or null")
    with _client(launcher.address) as client:
        workers = client.scheduler_info(n_workers=-1)["workers"]
        if many := [address for address, each in workers.items() if each["nthreads"] != 1]:
            raise UserError(
                f"the Dask worker {many[0]} runs several jobs in one process, which Hydra's do not stand: "
                f"start it as `{advice.worker(launcher.address)}` (and --nworkers for one process a core)"
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
    """Run the jobs; `settings` are those of conf/hydra/launcher/cluster.yaml.

    A worker that dies leaves its job to another. Raises WorkersDied, after all others have ended, where jobs
    took one worker after another down, and a UserError where no worker is left, or the scheduler is gone.
    """
    # It goes with every job: some 15 kB.
    common = zlib.compress(cloudpickle.dumps((execute, context, task, master, Singleton.get_state())))
    returns: dict[int, JobReturn] = {}
    with _client(settings["address"]) as client:

        def run(numbers: Sequence[int]) -> "dict[int, KilledWorker]":
            killed = {}
            waiting = {number: list(jobs[number]) for number in numbers}
            for number, job, folders in _run(client, common, waiting, settings["no_worker_timeout_min"]):
                for name, files in folders.items():
                    RunFolder(Path(master.hydra.sweep.dir, name)).take(files, again=master.rerun)
                if isinstance(job, JobReturn):
                    returns[number] = job
                else:
                    killed[number] = job
            return killed

        killed = run(range(len(jobs)))
        # Dask counts a worker's death against every job that it held. Which of them does it?
        for number in list(killed) if len(jobs) > 1 else []:
            killed |= run([number])
    if dead := [number for number in killed if number not in returns]:
        death = killed[dead[0]]
        raise WorkersDied(
            [returns.get(number) for number in range(len(jobs))],
            f"one took {death.allowed_failures + 1} Dask workers down, the last of them "
            f"{death.last_worker.address}, whose output may say why",
        )
    return [returns[number] for number in range(len(jobs))]


def _run(
    client: "Client", common: bytes, jobs: Mapping[int, list[str]], minutes: float | None
) -> Iterator[Ended]:
    """Hand the jobs out, and give each as it ends; a UserError where no worker is there for the `minutes`."""
    from distributed import CancelledError, KilledWorker, as_completed

    # Pickled by value, for it is inside a function: the scheduler unpickles it, and need not have this code.
    def job(common: bytes, overrides: list[str], number: int) -> Ended:
        import pickle
        import zlib

        execute, *handed = pickle.loads(zlib.decompress(common))
        return execute(*handed, overrides, number)

    futures = client.map(job, [common] * len(jobs), list(jobs.values()), list(jobs), pure=False)
    numbers = {future.key: number for future, number in zip(futures, jobs, strict=True)}
    ended = as_completed(futures, loop=client.loop)
    del futures  # Dask forgets a result when its future is forgotten here
    lonely = _Lonely(minutes)
    while not ended.is_empty():
        for future in ended.next_batch(block=False):
            try:
                yield future.result(timeout=FETCH_SECONDS)
            except CancelledError:
                raise UserError(GONE) from None
            except KilledWorker as death:
                yield numbers[future.key], death, {}
            except Exception as error:
                if future.status == "error":  # the job did not start there
                    yield numbers[future.key], failed(f"a Dask worker: {error!r}"), {}
                else:  # the worker died with the result, and another makes it again
                    ended.add(future)
        lonely.look(client)
        time.sleep(POLL_SECONDS)


class _Lonely:
    """How long there has been no worker: said once, and at last too long."""

    def __init__(self, minutes: float | None) -> None:
        self._minutes, self._since, self._said = minutes, time.monotonic(), False

    def look(self, client: "Client") -> None:
        """Raise a UserError where no worker was there for too long, or the scheduler is gone."""
        try:
            workers = client.ncores()
        except OSError:
            raise UserError(GONE) from None
        if workers:
            self._since, self._said = time.monotonic(), False
            return
        seconds = time.monotonic() - self._since
        if self._minutes is not None and seconds > 60 * self._minutes:
            raise UserError(
                f"no Dask worker was there for {self._minutes:g} min: start one, and the same command goes on"
            )
        if seconds > RESTART_SECONDS and not self._said:
            log.warning("no Dask worker is there: the sweep waits for one")
            self._said = True


@contextmanager
def _client(address: str | None) -> Iterator["Client"]:
    try:
        from distributed import Client
    except ImportError:
        raise UserError(
            f"hydra/launcher=cluster: Dask is not installed: {advice.install('cluster')}"
        ) from None
    if address is None:
        raise UserError(
            f"hydra/launcher=cluster: which cluster? Give {advice.CLUSTER} or "
            f"{advice.CLUSTER_VARIABLE}; {START}"
        )
    if not address.rpartition(":")[2].isdecimal():  # Dask's own answer comes with a traceback
        raise UserError(f"hydra.launcher.address={address}: must be of the form {advice.CLUSTER}")
    # It would log the traceback of what is said here in one sentence.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
    except (OSError, ValueError, TimeoutError) as error:
        raise UserError(
            f"hydra.launcher.address={address}: no Dask cluster answers ({error}); {START}"
        ) from None
    with client:
        yield client
