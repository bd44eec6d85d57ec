"""The run folders that are kept: which run lies in each, and which tables name it."""

import csv
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from perbatch.runs import identity, places
from perbatch.runs.folder import RESULT, Damaged, RunFolder
from perbatch.runs.run import experiment_name
from perbatch.sweep import locks
from perbatch.sweep.calls import Calls, usual
from perbatch.sweep.tables import RUNS

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""In C where that is there: there may be thousands of runs."""
HEADINGS = ("name", "data", "sweep", "date", "state", "loss", "folder")


@dataclass(frozen=True)
class Kept:
    """A run folder, and the sweep whose tables name its run: a name for `perbatch.load`, empty for none."""

    folder: RunFolder
    sweep: str

    @cached_property
    def row(self) -> Mapping[str, Any]:
        """The run's row of the table of runs, empty where it is not complete, or damaged."""
        try:
            return self.folder.row() if self.folder.complete else {}
        except Damaged:
            return {}

    @cached_property
    def name(self) -> str:
        """The run's cell and seed; of one that is not complete the overrides that made it."""
        if self.row:
            return f"{self.row['cell']} s{self.row['seed']:02d}"
        return " ".join(word for word in self._hydra("overrides") or [] if "." not in word.partition("=")[0])

    @cached_property
    def experiment(self) -> str:
        """The name of its experiment in MLflow, empty where its config is gone."""
        config = self._hydra("config")
        return experiment_name(config) if config else ""

    @cached_property
    def tables(self) -> Path | None:
        """Where the sweep that trained it was to write its tables, None for a single run."""
        results = ((self._hydra("config") or {}).get("sweep") or {}).get("results")
        return Path(results) if results else None

    @property
    def state(self) -> str:
        """`finished`, `diverged`, `failed`, `at work`, or `stopped` where nobody works on what was begun."""
        if self.row:
            return str(self.row["status"])
        if locks.held(self.folder.lock_file):
            return "at work"
        return "failed" if self.folder.failed else "stopped"

    @property
    def older(self) -> bool:
        """Whether the run is complete and the code of today gives the same settings another identity."""
        if not self.row:
            return False
        return identity.digest(self.folder.config(), self.row["data_digest"]) != self.row["identity"]

    @property
    def seconds(self) -> float:
        """When the run ended, or was last at work, in seconds since 1970."""
        ended = [self.folder.path / RESULT] if self.folder.complete else []
        return max(path.stat().st_mtime for path in ended or (self.folder.path, *self._files()))

    @cached_property
    def size(self) -> int:
        """Bytes of its files."""
        return sum(path.stat().st_size for path in self._files())

    @property
    def study(self) -> str | None:
        """The option of `conf/experiment/` that it was trained with, if any."""
        composed = self._hydra("hydra")
        return composed["hydra"]["runtime"]["choices"].get("experiment") if composed else None

    def cells(self, name: str) -> list[str]:
        """Return what a list of runs says of it, one text a heading."""
        loss = f"{self.row['validation_loss']:.4g}" if self.row else "-"
        date = time.strftime("%Y-%m-%d %H:%M", time.localtime(self.seconds))
        data = str(self.row.get("data", "-"))
        return [name or "-", data, self.sweep or "-", date, self.state, loss, _near(self.folder.path)]

    def _hydra(self, name: str) -> Any:
        try:
            text = (self.folder.path / ".hydra" / f"{name}.yaml").read_text(encoding="utf-8")
            return yaml.load(text, LOADER)
        except (OSError, yaml.YAMLError):
            return None

    def _files(self) -> list[Path]:
        return [path for path in self.folder.path.rglob("*") if path.is_file()]


def kept() -> Iterator[Kept]:
    """Give the runs of `runs/`, each with a sweep whose tables name it.

    Those of this checkout's `results/` are asked, and where the sweep that trained a run wrote its own.
    """
    results = places.CHECKOUT / "results"
    found = {table.parent for table in results.rglob(RUNS)} if results.is_dir() else set()
    named = {each: _name(folder) for folder in sorted(found) for each in _identities(folder)}
    elsewhere: dict[Path, set[str]] = {}
    for path in sorted(places.runs().iterdir()) if places.runs().is_dir() else ():
        folder = RunFolder(path)
        if path.is_dir() and (folder.lock_file.is_file() or folder.ended):
            run = Kept(folder, "")
            key = str(run.row.get("identity", path.name))
            sweep = named.get(key, "")
            if not sweep and run.tables:
                if run.tables not in elsewhere:
                    elsewhere[run.tables] = set(_identities(run.tables))
                sweep = str(run.tables) if key in elsewhere[run.tables] else ""
            yield Kept(folder, sweep)


def table(runs: Iterable[Kept]) -> Iterator[str]:
    """Give a line a run, the newest last, below a line of headings."""
    runs = sorted(runs, key=lambda run: run.seconds)
    names = _names(runs)
    rows = [list(HEADINGS), *(run.cells(names.get(run.folder.path, run.name)) for run in runs)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _names(runs: Sequence[Kept]) -> dict[Path, str]:
    """What MLflow calls the complete ones: those of one sweep by all that it swept."""
    together: dict[str, list[Kept]] = {}
    for run in runs:
        if run.row:
            together.setdefault(run.sweep or str(run.folder.path), []).append(run)
    names = {}
    for alike in together.values():
        called = Calls(usual(alike[0].study))
        for run in alike:
            called.take(run.row["identity"], identity.flat(run.folder.config()))
        for run in alike:
            names[run.folder.path] = called.names(run.row["identity"], run.row["cell"], run.name)[1]
    return names


def _near(path: Path) -> str:
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _identities(folder: Path) -> list[str]:
    try:
        with (folder / RUNS).open(newline="", encoding="utf-8") as stream:
            return [row["identity"] for row in csv.DictReader(stream)]
    except (OSError, KeyError):
        return []


def _name(folder: Path) -> str:
    """Name a folder of tables as `perbatch.load` takes it."""
    whole = folder.parent if folder.name == "train" else folder
    return str(whole.relative_to(places.CHECKOUT))
