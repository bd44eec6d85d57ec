"""The search: rounds of trials in every cell, told in order, then the chosen values on the reported seeds.

It is replayed from its first trial each time: what is complete in the runs' folders is there at once.
"""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from perbatch import advice
from perbatch.analysis import tuning
from perbatch.analysis.settings import EvaluateSettings, check_settings
from perbatch.errors import UserError
from perbatch.files import json_digest
from perbatch.overrides import written
from perbatch.search import objective
from perbatch.search.sampling import SAMPLERS, VERSION, Asking
from perbatch.search.space import Space, Value, space
from perbatch.sweep import params as pipeline
from perbatch.sweep import sweeper
from perbatch.sweep.compose import CachingLoader
from perbatch.sweep.plan import Plan

log = logging.getLogger(__name__)

Point = dict[str, Value]


@dataclass(frozen=True)
class Settings:
    """How is searched."""

    sampler: str
    trials: int
    batch: int
    seed: int


def search(
    given: Mapping[str, Any],
    params: Mapping[str, Any],
    grids: Sequence[Mapping[str, Any]],
    limit: int,
    runs_per_job: int | None,
    arguments: list[str],
    context: HydraContext,
    task_function: TaskFunction,
    master: DictConfig,
) -> list[str]:
    """Search the ranges among the grid's axes in each of its cells; arguments as of `sweeper.sweep`.

    Returns the identities of the runs. Errors: as of `sweeper.run`, and a UserError where there is nothing
    to search, or no trial of a cell has a finite loss.
    """
    found = space(params, arguments, context.config_loader, grids, limit)
    settings = _settings(given, ranges={key for cell in found.cells for key in cell.ranges})
    evaluate = check_settings(pipeline.block("evaluate"))
    this = _Search(found, settings, evaluate)
    this.say()
    return sweeper.run(this.rounds, runs_per_job, context, task_function, master, this.describe())


class _Search:
    def __init__(self, found: Space, settings: Settings, evaluate: EvaluateSettings) -> None:
        self._cells, self._settings, self._evaluate = found.cells, settings, evaluate
        seeds = _seeds_of_pipeline() if found.seeds is None else found.seeds
        self._tuning = evaluate.tuning_seeds
        self._reported = tuple(seed for seed in seeds if seed not in self._tuning)

    def describe(self) -> dict[str, Any]:
        """What makes it this search and no other, but for the number of trials: more of them extend it."""
        own = {
            "sampler": self._settings.sampler,
            "batch": self._settings.batch,
            "seed": self._settings.seed,
            "seeds": list(self._tuning),
            "targets": {name: list(values) for name, values in self._evaluate.target.items()},
            "space": [
                [list(cell.name), {key: each.describe() for key, each in cell.ranges.items()}]
                for cell in self._cells
            ],
            "optuna": VERSION,
        }
        return {**own, "trials": self._settings.trials, "identity": json_digest(own)}

    def say(self) -> None:
        for key, each in {key: each for cell in self._cells for key, each in cell.ranges.items()}.items():
            log.info("Searching %s: %s", key, each.describe())
        trials, cells = self._settings.trials, len(self._cells)
        log.info(
            "Search %s by %s: %d trials in each of %d cells on seeds %s, so %d runs at most; then the chosen "
            "values on seeds %s",
            self.describe()["identity"][:12],
            self._settings.sampler,
            trials,
            cells,
            ",".join(map(str, self._tuning)),
            trials * cells * len(self._tuning),
            ",".join(map(str, self._reported)) or "none",
        )

    def rounds(self, plan: Plan, loader: CachingLoader) -> Iterator[Sequence[list[str]]]:
        """Give the combinations of each batch of trials, trial by trial, cell by cell, seed by seed."""
        settings = self._settings
        asking = [Asking(settings.sampler, settings.seed, cell.ranges) for cell in self._cells]
        trials: list[list[Point]] = []  # a list of the cells' points for each trial
        results: list[pd.DataFrame] = [pd.DataFrame() for _ in self._cells]
        while len(trials) < settings.trials:
            count, first = min(settings.batch, settings.trials - len(trials)), len(trials)
            asked = [each.ask(settings.batch)[:count] for each in asking]
            trials += [list(points) for points in zip(*asked, strict=True)]
            log.info("Trials %d to %d of %d in each cell", first + 1, len(trials), settings.trials)
            start = len(plan.combinations)
            yield [
                self._combination(cell, point, seed)
                for points in trials[first:]
                for cell, point in enumerate(points)
                for seed in self._tuning
            ]
            for cell in range(len(self._cells)):
                new = self._results(plan, start, cell, range(first, len(trials)))
                results[cell] = pd.concat([results[cell], new], ignore_index=True)
                if count == settings.batch:
                    asking[cell].tell(objective.told(new))
        chosen = [
            self._chosen(cell, results[cell], [points[cell] for points in trials])
            for cell in range(len(self._cells))
        ]
        if self._reported:
            yield [
                self._combination(cell, point, seed)
                for cell, points in enumerate(chosen)
                for point in points
                for seed in self._reported
            ]

    def _combination(self, cell: int, point: Point, seed: int) -> list[str]:
        searched = [
            f"{key}={value if self._cells[cell].ranges[key].choices else written(value)}"
            for key, value in point.items()
        ]
        return [*self._cells[cell].overrides, *searched, f"seed={seed}"]

    def _results(self, plan: Plan, start: int, cell: int, numbers: range) -> pd.DataFrame:
        """A row a run of these trials of a cell: its trial, and what `judged` gives."""
        folders = {run.identity: run.folder for run in (*plan.reused, *plan.missing)}
        seeds, cells = len(self._tuning), len(self._cells)
        places = [
            (start + ((number - numbers.start) * cells + cell) * seeds + seed, number)
            for number in numbers
            for seed in range(seeds)
        ]
        runs = objective.judged(
            [folders[plan.combinations[place]] for place, _ in places], self._evaluate.target
        )
        return runs.assign(trial=[number for _, number in places])

    def _chosen(self, cell: int, runs: pd.DataFrame, points: list[Point]) -> list[Point]:
        """The values that are chosen for each target and for the end of training, each once."""
        ordered = sorted({tuple(point.values()) for point in points})
        runs = runs.assign(place=[ordered.index(tuple(points[trial].values())) for trial in runs["trial"]])
        if runs["loss"].isin([float("inf")]).all():
            where = " ".join(self._cells[cell].name)
            raise UserError(
                f"{where}: all {len(points)} trials diverged or ended above their start: "
                f"search lower values, as {advice.INTERVAL}"
            )
        own = runs.drop(columns=["trial", "place"])
        best = [
            ordered[int(tuning.choose(runs, by, among="place")["place"].iloc[0])]
            for by in objective.rules(own)
        ]
        chosen = [dict(zip(points[0], values, strict=True)) for values in dict.fromkeys(best)]
        log.info(
            "%s: best of %d trials %s",
            " ".join(self._cells[cell].name) or "the only cell",
            len(points),
            ", ".join(f"{key}={value}" for key, value in chosen[0].items()),
        )
        return chosen


def _seeds_of_pipeline() -> tuple[int, ...]:
    seeds = pipeline.block("train").get("seed", ())
    return tuple(seeds) if isinstance(seeds, list) else (seeds,)


def _settings(given: Mapping[str, Any], ranges: Collection[str]) -> Settings:
    if given["sampler"] is None:
        given = {**given, "sampler": "qmc" if len(ranges) == 1 else "tpe"}
    for key in ("trials", "batch"):
        if not isinstance(given.get(key), int) or given[key] < 1:
            raise UserError(f"search.{key}={given.get(key)}: must be a whole number of at least 1")
    if not isinstance(given.get("seed"), int) or given["seed"] < 0:
        raise UserError(f"search.seed={given.get('seed')}: must be a whole number of at least 0")
    if given.get("sampler") not in SAMPLERS:
        raise UserError(f"search.sampler={given.get('sampler')}: must be one of {', '.join(SAMPLERS)}")
    return Settings(**{key: given[key] for key in ("sampler", "trials", "batch", "seed")})
