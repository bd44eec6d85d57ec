"""A sweep's plan: which runs it means, which of them are complete, which are to train."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from hydra.core.config_loader import ConfigLoader
from omegaconf import DictConfig

from perbatch.sweep.check import check
from perbatch.sweep.folder import RunFolder
from perbatch.sweep.identity import effective_batch_size, of

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PlannedRun:
    """One run of a sweep: the overrides that make it, its data set, its identity and folder."""

    overrides: list[str]
    data: str
    identity: str
    folder: RunFolder
    rerun: bool


@dataclass(frozen=True)
class Plan:
    """The runs of a sweep in the grid's order, each identity once."""

    runs: list[PlannedRun]
    combinations: int

    @cached_property
    def missing(self) -> list[PlannedRun]:
        """The runs to train, as the folders are when this is first asked."""
        return [run for run in self.runs if run.rerun or not run.folder.complete]

    @cached_property
    def reused(self) -> list[PlannedRun]:
        """The runs that are complete already."""
        missing = {run.identity for run in self.missing}
        return [run for run in self.runs if run.identity not in missing]

    def sentence(self) -> str:
        """Say how many runs there are, how many are reused and how many are to train."""
        count = len(self.runs)
        same = (
            f" ({self.combinations} combinations, some of them the same run)"
            if count < self.combinations
            else ""
        )
        return f"{count} runs{same}: {len(self.reused)} reused, {len(self.missing)} to train"


def make(combinations: Sequence[list[str]], loader: ConfigLoader, master: DictConfig) -> Plan:
    """Compose and check every combination. The first that cannot run raises, before anything starts."""
    runs: dict[str, PlannedRun] = {}
    capped: set[tuple[str, int]] = set()
    for overrides in combinations:
        config = loader.load_sweep_config(master, overrides)
        check(config)
        if config.batch_size != "full" and config.batch_size > config.data.split.train:
            capped.add((str(config.batch_size), effective_batch_size(config)))
        identity = of(config)
        path = Path(config.hydra.sweep.dir) / config.hydra.sweep.subdir
        runs.setdefault(
            identity, PlannedRun(overrides, config.data.name, identity, RunFolder(path), config.rerun)
        )
    for asked, size in sorted(capped):
        log.warning("batch_size=%s is above the training part's %d examples: it is full-batch", asked, size)
    return Plan(list(runs.values()), len(combinations))
