"""A sweep's plan: which runs it means, which of them are complete, which are to train."""

import logging
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from omegaconf import DictConfig
from tqdm import tqdm

from perbatch.backprop.engines import unusable
from perbatch.errors import UserError
from perbatch.runs.check import checked
from perbatch.runs.folder import RunFolder
from perbatch.runs.identity import flat
from perbatch.runs.planned import Folders, PlannedRun, usable
from perbatch.runs.schema import Config
from perbatch.sweep import disk
from perbatch.sweep.calls import Calls
from perbatch.sweep.compose import CachingLoader

log = logging.getLogger(__name__)

KEYS = [each.name for each in fields(Config)]

SAMPLE = 200
"""Complete runs whose seconds are looked up to say how long the others may take."""


@dataclass(frozen=True)
class Plan:
    """The runs of a sweep in the grid's order, each identity once: complete ones, and those to train.

    A search's plan grows, by `extend`, once its earlier runs are complete.
    """

    combinations: list[str] = field(default_factory=list)
    """The identity of the run of each combination; several may mean one run."""
    reused: list[PlannedRun] = field(default_factory=list)
    missing: list[PlannedRun] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    common: dict[str, Any] = field(default_factory=dict)
    """What all runs have in common: dotted keys of the resolved config, and their values."""
    calls: Calls = field(default_factory=Calls)
    """What its runs are called."""
    losses: dict[str, float | None] = field(default_factory=dict)
    """The validation loss that each reused run ended with, by its identity; None where it diverged."""

    @property
    def runs(self) -> list[PlannedRun]:
        """All runs, in the grid's order."""
        by_identity = {run.identity: run for run in (*self.reused, *self.missing)}
        return [by_identity[identity] for identity in self.order]

    def sentence(self, workers: int) -> str:
        """Say how many runs there are, are reused and are to train, and about how long that takes."""
        count = len(self.order)
        combinations = len(self.combinations)
        same = f" ({combinations} combinations)" if count < combinations else ""
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

    def outcome(self, results: str | None) -> str:
        """Say which run ended best, once all are complete, and where the tables lie, if any."""
        for run in self.missing:
            self.losses[run.identity] = _loss(run.folder.row())
        ended = ((self.losses[run.identity], run) for run in self.runs)
        finished = [(loss, run) for loss, run in ended if loss is not None]
        lines = [f"tables: {results}"] if results else []
        if finished:
            loss, best = min(finished, key=lambda pair: pair[0])
            lines.insert(0, f"best: {best.name}, validation loss {loss:.4g}, in {best.folder.path}")
        return "\n".join(lines) or "all runs diverged"

    def table(self) -> Iterator[str]:
        """Give a line for each run to train."""
        for run in self.missing:
            yield f"{run.identity[:12]}  {run.name}"

    def _sample(self) -> Iterator[dict[str, Any]]:
        step = -(-len(self.reused) // SAMPLE) or 1
        return (run.folder.timings() for run in self.reused[::step])


def extend(plan: Plan, combinations: Sequence[list[str]], loader: CachingLoader, master: DictConfig) -> Plan:
    """Compose and check these combinations, and add their runs to a plan; return the part that is new.

    The first that cannot run raises, before anything starts.
    """
    part = Plan()
    folders = Folders(loader, master)
    seen = set(plan.order)
    taken = {run.folder for run in (*plan.reused, *plan.missing)}
    plan.calls.begin(loader, master.hydra.runtime.choices.get("experiment"))
    above: dict[int, int] = {}
    # Said where it takes long enough to be wondered at, on a terminal.
    for overrides in tqdm(combinations, "planning", delay=2, leave=False, disable=None):
        settings = loader.settings(master, overrides)
        refuse(settings)
        run = checked(settings)
        if settings["batch_size"] not in ("full", run.batch_size):
            above[settings["batch_size"]] = run.batch_size
        identity = run.identity
        number = len(plan.combinations)
        for each in (plan, part):
            each.combinations.append(identity)
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
            values = flat(run.settings)
            _narrow(plan.common, values, first=not plan.order)
            plan.calls.take(identity, values)
            row = None if settings["rerun"] else usable(folder, identity)
            if row:
                plan.losses[identity] = _loss(row)
            planned = PlannedRun(
                run.name,
                overrides,
                run.experiment,
                identity,
                folder,
                place,
                run.data["digest"],
                run.bytes_of_weights,
                disk.copy(run),
                number,
                run.cell,
            )
            for each in (plan, part):
                each.order.append(identity)
            (part.reused if row else part.missing).append(planned)
    for whole, new in ((plan.reused, part.reused), (plan.missing, part.missing)):
        # Only the whole round tells what is in their names.
        names = [plan.calls.names(each.identity, each.cell, each.name) for each in new]
        new[:] = [replace(each, cell=cell, name=name) for each, (cell, name) in zip(new, names, strict=True)]
        whole += new
    for asked, size in above.items():
        log.warning(*capped(asked, size))
    return part


def capped(asked: int, size: int) -> tuple[str, int, int]:
    """Say, as a logger takes it, that a batch size is above the examples of the training part."""
    return "batch_size=%d: above the training part's %d examples, so it is full-batch", asked, size


def refuse(settings: Mapping[Any, Any]) -> None:
    """Raise a UserError where a key of a run was deleted, or its engine cannot be used here."""
    for name in KEYS:
        if name not in settings:
            raise UserError(f"~{name}: every key of a run has a value: set it to another instead")
    if reason := unusable(settings["engine"]["name"]):
        raise UserError(f"engine={settings['engine']['name']}: {reason}")


def _loss(row: Mapping[str, Any]) -> float | None:
    return row["validation_loss"] if row["status"] == "finished" else None


def _narrow(common: dict[str, Any], values: dict[str, Any], first: bool) -> None:
    if first:
        common.update(values)
    for key in [key for key, value in common.items() if values.get(key, ...) != value]:
        del common[key]


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
