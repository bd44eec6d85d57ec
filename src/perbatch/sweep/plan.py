"""A sweep's plan: which runs it means, which of them are complete, which are to train."""

import logging
import os
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from tqdm import tqdm

from perbatch.advice import RERUN
from perbatch.backprop.engines import unusable
from perbatch.errors import UserError
from perbatch.sweep import disk
from perbatch.sweep.cell import experiment_name, run_name
from perbatch.sweep.check import check
from perbatch.sweep.compose import CachingLoader
from perbatch.sweep.folder import Damaged, RunFolder
from perbatch.sweep.identity import effective_batch_size, flat, of
from perbatch.sweep.identity import settings as resolved
from perbatch.sweep.schema import Config

log = logging.getLogger(__name__)

LONGEST = 255
"""Bytes of a folder's name that file systems take."""

SAMPLE = 200
"""Complete runs whose seconds are looked up to say how long the others may take."""


@dataclass(frozen=True)
class PlannedRun:
    """One run of a sweep: its name, its overrides, its experiment in MLflow, its identity and folder."""

    name: str
    overrides: list[str]
    experiment: str
    identity: str
    folder: RunFolder
    place: str | None = None
    """Where the user has a way of their own to name folders: the folder's name below `hydra.sweep.dir`."""
    weights: int = 0
    """Bytes of the weights that it ends with."""
    copy: tuple[Path, int] | None = None
    """The copy of its data that is still to be made for all workers, and its bytes."""


class Folders:
    """Where a sweep's runs lie: in `hydra.sweep.dir`, each in its `hydra.sweep.subdir`."""

    def __init__(self, loader: CachingLoader, master: DictConfig) -> None:
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


@dataclass(frozen=True)
class Plan:
    """The runs of a sweep in the grid's order, each identity once: complete ones, and those to train."""

    combinations: int
    reused: list[PlannedRun]
    missing: list[PlannedRun]
    order: list[str]
    common: dict[str, Any]
    """What all runs have in common: dotted keys of the resolved config, and their values."""

    @property
    def runs(self) -> list[PlannedRun]:
        """All runs, in the grid's order."""
        by_identity = {run.identity: run for run in (*self.reused, *self.missing)}
        return [by_identity[identity] for identity in self.order]

    def sentence(self, workers: int) -> str:
        """Say how many runs there are, are reused and are to train, and about how long that takes."""
        count = len(self.order)
        same = f" ({self.combinations} combinations)" if count < self.combinations else ""
        text = (
            f"{count} run{'s' * (count != 1)}{same}: {len(self.reused)} reused, {len(self.missing)} to train"
        )
        if self.missing and (each := self.seconds_each()) is not None:
            text += f"; about {_duration(each * len(self.missing) / workers)}"
        return text

    def seconds_each(self) -> float | None:
        """Return what a complete run took on average, None where none is complete."""
        seconds = [timings["end"] - timings["start"] for timings in self._sample()]
        return statistics.fmean(seconds) if seconds else None

    def table(self) -> Iterator[str]:
        """Give a line for each run to train."""
        for run in self.missing:
            yield f"{run.identity[:12]}  {run.name}"

    def _sample(self) -> Iterator[dict[str, Any]]:
        step = -(-len(self.reused) // SAMPLE) or 1
        return (run.folder.timings() for run in self.reused[::step])


def make(combinations: Sequence[list[str]], loader: CachingLoader, master: DictConfig) -> Plan:
    """Compose and check every combination. The first that cannot run raises, before anything starts."""
    plan = Plan(len(combinations), [], [], [], {})
    folders = Folders(loader, master)
    seen: set[str] = set()
    taken: set[RunFolder] = set()
    capped: dict[int, int] = {}
    # Said where it takes long enough to be wondered at, on a terminal.
    for overrides in tqdm(combinations, "planning", delay=2, leave=False, disable=None):
        settings = loader.settings(master, overrides)
        refuse(settings)
        check(settings)
        size = effective_batch_size(settings)
        if settings["batch_size"] not in ("full", size):
            capped[settings["batch_size"]] = size
        identity = of(settings)
        if identity not in seen:
            seen.add(identity)
            place = folders.name(identity, overrides)
            folder = RunFolder(folders.root / place)
            if folder in taken:
                raise UserError(
                    f"hydra.sweep.subdir gives two runs of this sweep one folder, {folder.path}: "
                    "name it by all that is swept, or leave it out"
                )
            taken.add(folder)
            name, experiment = run_name(settings), experiment_name(settings)
            own = None if folders.named_by_identity else place
            needs = disk.weights(settings), disk.copy(settings)
            run = PlannedRun(name, overrides, experiment, identity, folder, own, *needs)
            _narrow(plan.common, flat(resolved(settings)), first=not plan.order)
            plan.order.append(identity)
            reused = not settings["rerun"] and usable(folder, identity)
            (plan.reused if reused else plan.missing).append(run)
    for asked, size in capped.items():
        log.warning("batch_size=%d: above the training part's %d examples, so it is full-batch", asked, size)
    return plan


def refuse(settings: Mapping[Any, Any]) -> None:
    """Raise a UserError where a key of a run was deleted, or its engine cannot be used here."""
    for each in fields(Config):
        if each.name not in settings:
            raise UserError(f"~{each.name}: every key of a run has a value: set it to another instead")
    if reason := unusable(settings["engine"]["name"]):
        raise UserError(f"engine={settings['engine']['name']}: {reason}")


def _narrow(common: dict[str, Any], values: dict[str, Any], first: bool) -> None:
    if first:
        common.update(values)
    for key in [key for key, value in common.items() if values[key] != value]:
        del common[key]


def usable(folder: RunFolder, identity: str) -> bool:
    """Return whether the run is complete; say so where it is damaged, which makes it incomplete.

    Raises a UserError where the folder, named by the user, holds another run.
    """
    if not folder.complete:
        return False
    try:
        found = folder.check()["identity"]
    except Damaged as damage:
        log.warning("%s: the run is trained again", damage)
        return False
    if found != identity:
        raise UserError(
            f"{folder.path} holds another run, {found[:12]}: give this one a folder of its own, "
            f"or replace that one with {RERUN}"
        )
    return True


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
