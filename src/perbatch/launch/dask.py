"""Jobs on a Dask cluster, by Dask's own client: workers come and go, and share no disk.

A worker trains in the run folders of its own machine. What it made goes back with the job, and the driver
puts it into its own run folders: those are the truth. Each worker has one job at a time, and a job one
worker: so it is known which job was at work where a worker died.
"""

import logging
import pickle
import platform
import threading
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cloudpickle
from hydra.core.hydra_config import HydraConfig
from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, run_job, setup_globals
from omegaconf import DictConfig, open_dict

from perbatch import advice, checks
from perbatch.errors import UserError
from perbatch.launch import packs
from perbatch.launch.jobs import Absence, Handed, failed, gather
from perbatch.runs import identity
from perbatch.runs.folder import RunFolder

if TYPE_CHECKING:
    from distributed import Client, Future

Contents = dict[str, dict[str, bytes]]
"""Files of run folders, by their names below the folder of all runs."""

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
    if minutes is not None and not checks.number(minutes):
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


def launch(settings: Mapping[str, Any], handed: Handed, jobs: Sequence[Sequence[str]]) -> list[JobReturn]:
    """Run the jobs; `settings` are those of conf/hydra/launcher/dask.yaml.

    Raises WorkersDied, after all others have ended, where workers died, and a UserError where no worker is
    left, or the scheduler is gone.
    """
    with _client(settings["address"]) as client:
        queue = [DaskJob(list(overrides), number) for number, overrides in enumerate(jobs)]
        return gather(queue, _Workers(client, queue, handed, settings["no_worker_timeout_min"]).look)


class DaskJob:
    """A job, first to be handed to a worker, then at work there."""

    def __init__(self, overrides: list[str], number: int) -> None:
        """It waits for a worker."""
        self.overrides, self.number = overrides, number
        self.worker: str | None = None
        self.future: Future | None = None
        self.over = False
        self._returned: JobReturn | None = None

    def result(self) -> JobReturn | None:
        """Return what Hydra reports of it, None where its worker died."""
        return self._returned

    def last_words(self) -> str:
        """Say which worker died."""
        return f"the Dask worker {self.worker}, whose output may say why"

    def end(self, returned: JobReturn | None) -> None:
        """Take what it returned; None where it died."""
        self.over, self._returned = True, returned
        if self.future is not None:
            self.future.cancel()  # Dask would give it to a worker of the same address
            self.future = None


class _Workers:
    """Gives each worker that is there one job after the other."""

    def __init__(
        self, client: "Client", jobs: Sequence[DaskJob], handed: Handed, minutes: float | None
    ) -> None:
        self._client, self._jobs, self._minutes, self._wake = client, jobs, minutes, threading.Event()
        # It goes with every job: some 15 kB.
        self._common = zlib.compress(cloudpickle.dumps((execute, handed, Singleton.get_state())))
        self._root, self._again = Path(handed.config.hydra.sweep.dir), bool(handed.config.rerun)
        self._absence = Absence(RESTART_SECONDS, "no Dask worker is there: the sweep waits for one")

    def look(self) -> None:
        """Fetch results, see who died, and hand out jobs; a UserError where nobody is there for too long."""
        self._wake.wait(POLL_SECONDS)
        self._wake.clear()
        try:
            there = self._client.ncores()
        except OSError:
            raise UserError(GONE) from None
        away = self._absence.look(bool(there))
        if self._minutes is not None and away > 60 * self._minutes:
            raise UserError(
                f"no Dask worker was there for {self._minutes:g} min: start one, and the same command goes on"
            )
        at_work = [job for job in self._jobs if job.future is not None]
        for job in at_work:
            if job.future is not None and job.future.done():
                self._fetch(job)
            elif job.worker not in there:
                job.end(None)
        busy = {job.worker for job in at_work if not job.over}
        waiting = (job for job in self._jobs if job.future is None and not job.over)
        for worker, job in zip([each for each in there if each not in busy], waiting, strict=False):
            self._hand(job, worker)

    def _hand(self, job: DaskJob, worker: str) -> None:
        # Pickled by value, for it is inside a function: the scheduler unpickles it, and may lack this code.
        def work(common: bytes, overrides: bytes, number: int) -> Any:
            import pickle
            import zlib

            execute, *handed = pickle.loads(zlib.decompress(common))
            return execute(*handed, pickle.loads(overrides), number)

        job.worker = worker
        job.future = self._client.submit(
            work, self._common, pickle.dumps(job.overrides), job.number, workers=[worker], pure=False
        )
        job.future.add_done_callback(lambda _: self._wake.set())

    def _fetch(self, job: DaskJob) -> None:
        from distributed import CancelledError, KilledWorker

        assert job.future is not None
        try:
            returned, folders = job.future.result(timeout=FETCH_SECONDS)
        except CancelledError:
            raise UserError(GONE) from None
        except KilledWorker:
            job.end(None)
        except Exception as error:
            # The job did not start there, or the worker died with the result.
            job.end(failed(f"a Dask worker: {error!r}") if job.future.status == "error" else None)
        else:
            for name, files in folders.items():
                RunFolder(self._root / name).take(files, again=self._again)
            job.end(returned)


def execute(handed: Handed, singletons: Any, overrides: list[str], number: int) -> tuple[JobReturn, Contents]:
    """Run one job on the worker; return what Hydra reports, and the folders of its runs."""
    setup_globals()
    Singleton.set_state(singletons)
    try:
        config = handed.hydra_context.config_loader.load_sweep_config(handed.config, overrides)
        with open_dict(config):
            config.hydra.job.id, config.hydra.job.num = str(number), number
        HydraConfig.instance().set_config(config)
        own = handed._replace(config=config)._asdict()
        job = run_job(**own, job_dir_key="hydra.sweep.dir", job_subdir_key="hydra.sweep.subdir")
    except UserError as error:  # the data are not here, or others
        return failed(f"{platform.node()}: {error}"), {}
    pack = packs.of(overrides)
    names = [run.place for run in pack.runs] if pack else []
    root = Path(handed.config.hydra.sweep.dir)
    return job, {name: RunFolder(root / name).files() for name in names}


@contextmanager
def _client(address: str | None) -> Iterator["Client"]:
    try:
        from distributed import Client
    except ImportError:
        raise UserError(f"hydra/launcher=dask: Dask is not installed: {advice.install('dask')}") from None
    if address is None:
        raise UserError(
            f"hydra/launcher=dask: which cluster? Give {advice.CLUSTER} or {advice.CLUSTER_VARIABLE}; {START}"
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
