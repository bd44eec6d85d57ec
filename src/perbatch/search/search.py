"""The search: rounds of trials in every cell, told in order, then the chosen values on the reported seeds.

It is replayed from its first trial each time: what is complete in the runs' folders is there at once.
"""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import optuna
import pandas as pd

from perbatch.analysis.settings import EvaluateSettings, check_settings
from perbatch.checks import whole
from perbatch.errors import UserError
from perbatch.files import json_digest
from perbatch.runs.folder import RunFolder
from perbatch.search import objective
from perbatch.search.found import found
from perbatch.search.sampling import SAMPLERS, study
from perbatch.search.space import Space, plain, space
from perbatch.search.trials import Point, Trials
from perbatch.sweep import params as pipeline
from perbatch.sweep import sweeper
from perbatch.sweep.compose import CachingLoader
from perbatch.sweep.parents import Found
from perbatch.sweep.plan import Plan
from perbatch.sweep.sweeper import Call

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """How is searched."""

    sampler: str
    trials: int
    batch: int
    seed: int


def search(given: Mapping[str, Any], call: Call) -> list[str]:
    """Search the ranges among the grid's axes in each of its cells, as `given` in the block `search`.

    Returns the identities of the runs. Errors: as of `sweeper.run`, and a UserError where there is nothing
    to search, or no trial of a cell has a finite loss.
    """
    found = space(call.params, call.arguments, call.context.config_loader, call.grids, call.limit)
    settings = _settings(given, ranges={key for cell in found.cells for key in cell.ranges})
    evaluate = check_settings(pipeline.block("evaluate"))
    this = _Search(found, settings, evaluate)
    this.say()
    return sweeper.run(this.rounds, call, this)


class _Search:
    def __init__(self, found: Space, settings: Settings, evaluate: EvaluateSettings) -> None:
        self._cells, self._settings, self._evaluate = found.cells, settings, evaluate
        seeds = _seeds_of_pipeline() if found.seeds is None else found.seeds
        self._tuning = evaluate.tuning_seeds
        self._reported = tuple(seed for seed in seeds if seed not in self._tuning)
        self._trials = [
            Trials(label, cell, study(settings.sampler, settings.seed, cell.ranges))
            for label, cell in zip(found.labels, found.cells, strict=True)
        ]
        self._identities: dict[tuple[str, ...], str] = {}  # of the run of each combination
        self._best: list[str] = []
        self.name = f"search by {settings.sampler}, {settings.trials} trials a cell"

    def describe(self) -> dict[str, Any]:
        """What makes it this search and no other, but for the number of trials: more of them extend it.

        Once all rounds are complete `best` are the identities of the runs at each cell's best values.
        """
        own = {
            "sampler": self._settings.sampler,
            "batch": self._settings.batch,
            "seed": self._settings.seed,
            "seeds": list(self._tuning),
            "targets": {name: list(values) for name, values in self._evaluate.target.items()},
            "space": [
                [list(cell.name), {key: plain(each) for key, each in cell.ranges.items()}]
                for cell in self._cells
            ],
            "optuna": optuna.__version__,
        }
        described = {**own, "trials": self._settings.trials, "identity": json_digest(own)}
        return described | ({"best": self._best} if self._best else {})

    def say(self) -> None:
        for key, each in {key: each for cell in self._cells for key, each in cell.ranges.items()}.items():
            log.info("Searching %s: %s", key, plain(each))
        trials, cells = self._settings.trials, len(self._cells)
        log.info(
            "Search %s by %s: %d trials in each of %d cells on seeds %s, so %d runs at most; then the chosen "
            "values on seeds %s",
            self._short,
            self._settings.sampler,
            trials,
            cells,
            ",".join(map(str, self._tuning)),
            trials * cells * len(self._tuning),
            ",".join(map(str, self._reported)) or "none",
        )

    def rounds(self, plan: Plan, _: CachingLoader) -> Iterator[Sequence[list[str]]]:
        """Give the combinations of each batch of trials, trial by trial, cell by cell, seed by seed."""
        trials, batch = self._settings.trials, self._settings.batch
        for first in range(0, trials, batch):
            numbers = range(first, min(first + batch, trials))
            for cell in self._trials:
                cell.ask(batch, len(numbers))
            log.info("Trials %d to %d of %d in each cell", first + 1, numbers[-1] + 1, trials)
            asked = [(cell, cell.points[number]) for number in numbers for cell in self._trials]
            yield from self._round(plan, asked, self._tuning)
            folders = {run.identity: run.folder for run in plan.runs}
            for cell in self._trials:
                cell.take(first, self._judged(cell, numbers, folders), batch)
        for cell in self._trials:
            cell.choose()
            best = ", ".join(f"{key}={value}" for key, value in cell.chosen[0].items())
            log.info("%s: best of %d trials %s", cell.label, trials, best)
        chosen = [(cell, point) for cell in self._trials for point in cell.chosen]
        if self._reported:
            yield from self._round(plan, chosen, self._reported)
        self._best = sorted(
            self._identities[tuple(cell.combination(cell.chosen[0], seed))]
            for cell in self._trials
            for seed in (*self._tuning, *self._reported)
        )

    def found(self) -> Found:
        """Return what it found, once all rounds are complete."""
        return found(self._short, self.name, self._tuning, self._trials, frozenset(self._best))

    def _round(
        self, plan: Plan, points: Sequence[tuple[Trials, Point]], seeds: Sequence[int]
    ) -> Iterator[Sequence[list[str]]]:
        asked = [cell.combination(point, seed) for cell, point in points for seed in seeds]
        known = len(plan.combinations)
        yield asked
        self._identities.update(zip(map(tuple, asked), plan.combinations[known:], strict=True))

    def _judged(self, cell: Trials, numbers: range, folders: Mapping[str, RunFolder]) -> pd.DataFrame:
        """A row a run of these trials of a cell, trial by trial."""
        runs = [cell.combination(cell.points[number], seed) for number in numbers for seed in self._tuning]
        return objective.judged(
            [folders[self._identities[tuple(run)]] for run in runs], self._evaluate.target
        )

    @property
    def _short(self) -> str:
        return str(self.describe()["identity"])[:12]


def _seeds_of_pipeline() -> tuple[int, ...]:
    seeds = pipeline.block("train").get("seed", ())
    return tuple(seeds) if isinstance(seeds, list) else (seeds,)


def _settings(given: Mapping[str, Any], ranges: Collection[str]) -> Settings:
    if given["sampler"] is None:
        given = {**given, "sampler": "qmc" if len(ranges) == 1 else "tpe"}
    for key, least in {"trials": 1, "batch": 1, "seed": 0}.items():
        if not whole(given.get(key), least):
            raise UserError(f"search.{key}={given.get(key)}: must be a whole number of at least {least}")
    if given.get("sampler") not in SAMPLERS:
        raise UserError(f"search.sampler={given.get('sampler')}: must be one of {', '.join(SAMPLERS)}")
    return Settings(**{key: given[key] for key in ("sampler", "trials", "batch", "seed")})
