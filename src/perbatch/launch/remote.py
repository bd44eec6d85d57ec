"""Sweeps whose jobs run on other machines: what must hold before they start, and what jobs must not do."""

from collections.abc import Sequence

from hydra.core.utils import JobReturn
from omegaconf import DictConfig

from perbatch.advice import SERVER
from perbatch.errors import UserError

SLURM, CLUSTER = "SlurmLauncher", "ClusterLauncher"


class WorkersDied(UserError):
    """Some jobs ended without a result; `returns` has the others', in the jobs' order, and None for those."""

    def __init__(self, returns: Sequence[JobReturn | None], reason: str) -> None:
        """`reason` says of one of them what is known."""
        died = sum(each is None for each in returns)
        super().__init__(f"{died} of {len(returns)} jobs ended without a result: {reason}")
        self.returns = returns


def is_remote(master: DictConfig) -> bool:
    """Return whether the sweep's launcher starts jobs on other machines."""
    return launcher(master) in (SLURM, CLUSTER)


def launcher(master: DictConfig) -> str:
    """Return the class name of the sweep's launcher."""
    return str(master.hydra.launcher.get("_target_", "")).rpartition(".")[2]


def check(master: DictConfig) -> None:
    """Raise a UserError where jobs on other machines could not start, or would log to places of their own."""
    if not is_remote(master):
        return
    uri = str(master.tracking.uri or "")
    relative = uri.startswith("sqlite:///") and not uri.startswith("sqlite:////")
    if uri and (relative or "://" not in uri):
        raise UserError(
            f"tracking.uri={uri}: a relative address means another place on each machine of a cluster; "
            f"give an absolute one, or {SERVER}"
        )
    if launcher(master) == SLURM:
        from perbatch.launch import slurm

        slurm.check(master.hydra.launcher)
    else:
        from perbatch.launch import dask

        dask.check(master.hydra.launcher)


def overrides(master: DictConfig, store: str) -> list[str]:
    """Return what jobs on other machines are told beside their run.

    The address of the `store`, a server or a database: a Dask worker has not the driver's environment. SQLite
    is for one machine: over a network file system its locks do not hold, and without one it is not there.
    Then the jobs log nothing, and the driver does it from their folders.
    """
    if not is_remote(master):
        return []
    if store.startswith("sqlite:"):
        return ["tracking.live=false"]
    return [f"tracking.uri='{store}'"]
