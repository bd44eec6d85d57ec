"""A run that is planned: what it is called, what makes it, what it is known by, and where it lies."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from perbatch.advice import RERUN
from perbatch.errors import UserError
from perbatch.runs import places
from perbatch.runs.folder import Damaged, RunFolder
from perbatch.runs.run import Run

log = logging.getLogger(__name__)

ANOTHER = "its job made another run: the worker has other code, data or libraries than the driver"

LONGEST = 255
"""Bytes of a folder's name that file systems take."""


_expected: ContextVar["PlannedRun | None"] = ContextVar("expected", default=None)


@dataclass(frozen=True)
class PlannedRun:
    """One run of a sweep: its name, its overrides, its experiment in MLflow, its identity and folder.

    It is handed on as it is: to the launcher, and with the job to a worker.
    """

    name: str
    overrides: list[str]
    experiment: str
    identity: str
    folder: RunFolder
    place: str = ""
    """The folder's name below `hydra.sweep.dir`, which may be another folder on another machine."""
    data: str = ""
    """The digest of its data."""
    weights: int = 0
    """Bytes of the weights that it ends with."""
    copy: tuple[Path, int] | None = None
    """The copy of its data that is still to be made for all workers, and its bytes."""
    number: int = 0
    """Among the combinations; once handed out, its `hydra.job.num`."""
    cell: str = ""
    """What MLflow calls its cell: its name without the seed."""

    @contextmanager
    def expected(self) -> Iterator[None]:
        """Let the task refuse another run than this one while the body runs."""
        token = _expected.set(self)
        try:
            yield
        finally:
            _expected.reset(token)


def called(run: Run) -> tuple[str, str] | None:
    """Return the names of the run's cell and of the run, where it is the one that was planned."""
    planned = _expected.get()
    if planned is None or planned.identity != run.identity:
        return None
    return planned.cell, planned.name


def refuse_another(run: Run) -> None:
    """Raise a UserError where a job is about to make another run than the planned one."""
    planned = _expected.get()
    if planned is None or planned.identity == run.identity:
        return
    if planned.data != run.data["digest"]:
        raise UserError(prepared_anew(run))
    raise UserError(ANOTHER)


def prepared_anew(run: Run) -> str:
    """Say that a run's data are others than when it was planned."""
    folder = places.PREPARED / run.config["data"]["name"]
    return (
        f"the data in {folder} were prepared anew since this run was planned: the same command plans it again"
    )


class Folders:
    """Where a sweep's runs lie: in `hydra.sweep.dir`, each in its `hydra.sweep.subdir`."""

    def __init__(self, loader: Any, master: DictConfig) -> None:
        """`master` describes the sweep."""
        self._loader, self._master = loader, master
        # Looked up once: resolving one key takes OmegaConf as long as planning a run.
        self.root = Path(master.hydra.sweep.dir)
        sweep = cast(dict[str, Any], OmegaConf.to_container(master.hydra.sweep, resolve=False))
        self.named_by_identity = sweep["subdir"] == "${identity:}"

    def name(self, identity: str, overrides: list[str]) -> str:
        """Return the name, below `root`, of the folder of the run that these overrides make.

        A UserError where it cannot be told, or is too long.
        """
        if self.named_by_identity:
            return identity
        # Where the user has a way of their own to name folders, only the whole config can say it.
        try:
            name = str(self._loader.load_sweep_config(self._master, overrides).hydra.sweep.subdir)
        except OmegaConfBaseException as error:
            raise UserError(
                f"hydra.sweep.subdir cannot be told before the jobs start ({str(error).splitlines()[0]}): "
                "name it by what is swept, or leave it out"
            ) from error
        longest = max(len(os.fsencode(part)) for part in Path(self.root, name).parts)
        if longest > LONGEST:
            raise UserError(
                f"hydra.sweep.subdir gives a folder a name of {longest} bytes, and {LONGEST} are allowed: "
                "leave keys out of it with hydra.job.config.override_dirname.exclude_keys, or leave it out"
            )
        return name


def usable(folder: RunFolder, identity: str) -> dict[str, Any] | None:
    """Return the row of a complete run, else None; say so where it is damaged, which makes it incomplete.

    Raises a UserError where the folder, named by the user, holds another run.
    """
    if not folder.complete:
        return None
    try:
        row = folder.check()
    except Damaged as damage:
        log.warning("%s: the run is trained again", damage)
        return None
    if row["identity"] != identity:
        raise UserError(
            f"{folder.path} holds another run, {row['identity'][:12]}: give this one a folder of its own, "
            f"or replace that one with {RERUN}"
        )
    return row
