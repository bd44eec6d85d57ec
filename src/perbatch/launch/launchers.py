"""The launchers: how often each tries a run whose worker dies, and what is to hold before a sweep starts."""

from dataclasses import dataclass

from omegaconf import DictConfig

from perbatch.advice import SERVER
from perbatch.errors import UserError


@dataclass(frozen=True)
class Kind:
    """A kind of launcher."""

    workers: str
    """What its workers are called."""
    tries: int
    """Workers that a run may take down before it is a failed run."""
    remote: bool
    """Whether jobs are at work on other machines, where one that dies leaves the others alone."""


LOCAL = Kind("workers", 2, False)
SLURM = Kind("SLURM jobs", 2, True)
DASK = Kind("Dask workers", 4, True)
KINDS = {"SlurmLauncher": SLURM, "DaskLauncher": DASK}
"""By the class of the launcher; any other of Hydra's starts processes of this machine."""


def kind(master: DictConfig) -> Kind:
    """Return the kind of a sweep's launcher."""
    return KINDS.get(str(master.hydra.launcher.get("_target_", "")).rpartition(".")[2], LOCAL)


def check(master: DictConfig) -> None:
    """Raise a UserError where jobs on other machines could not start, or would log to places of their own."""
    launcher = kind(master)
    if not launcher.remote:
        return
    uri = str(master.tracking.uri or "")
    relative = uri.startswith("sqlite:///") and not uri.startswith("sqlite:////")
    if uri and (relative or "://" not in uri):
        raise UserError(
            f"tracking.uri={uri}: a relative address means another place on each machine of a cluster; "
            f"give an absolute one, or {SERVER}"
        )
    if launcher is SLURM:
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
    if not kind(master).remote:
        return []
    if store.startswith("sqlite:"):
        return ["tracking.live=false"]
    return [f"tracking.uri='{store}'"]
