"""The trials of one cell: as they were asked and judged, and what is chosen among them."""

import optuna
import pandas as pd

from perbatch import advice
from perbatch.analysis import tuning
from perbatch.errors import UserError
from perbatch.overrides import written
from perbatch.search import objective
from perbatch.search.space import Cell, Value, rounded

Point = dict[str, Value]


class Trials:
    """One cell's trials, in the order of their numbers; `label` tells the cell from the others."""

    def __init__(self, label: str, cell: Cell, study: optuna.Study) -> None:
        """Nothing is asked yet of the `study` of the cell."""
        self.label, self.cell = label, cell
        self.points: list[Point] = []
        self.chosen: list[Point] = []
        """What is chosen for each target and for the end of training, each once; the first leads."""
        self._study = study
        self._asked: list[optuna.Trial] = []  # those of the last batch
        self._runs = pd.DataFrame()  # a row a run: its trial, and what `judged` gives

    def ask(self, batch: int, count: int) -> None:
        """Ask for a batch, of which the first `count` are trained, their values rounded."""
        ranges = self.cell.ranges
        self._asked = [self._study.ask(dict(ranges)) for _ in range(batch)]
        self.points += [
            {key: rounded(value, ranges[key]) for key, value in trial.params.items()}
            for trial in self._asked[:count]
        ]

    def combination(self, point: Point, seed: int) -> list[str]:
        """Return the overrides of a run."""
        searched = [
            f"{key}={value if isinstance(value, str) else written(value)}" for key, value in point.items()
        ]
        return [*self.cell.overrides, *searched, f"seed={seed}"]

    def take(self, first: int, runs: pd.DataFrame, batch: int) -> None:
        """Take what the trials from number `first` on came to, which is told where a batch is whole.

        `runs` is a row a run, as many for each trial: what `judged` gives.
        """
        numbers = range(first, len(self.points))
        each = len(runs) // len(numbers)
        new = runs.assign(trial=[number for number in numbers for _ in range(each)])
        self._runs = pd.concat([self._runs, new], ignore_index=True)
        if len(numbers) == batch:
            for trial, value in zip(self._asked, objective.told(new), strict=True):
                self._study.tell(trial, value)

    def choose(self) -> None:
        """Choose; a UserError where no trial has a finite loss."""
        if self._runs[objective.LOSS].isin([float("inf")]).all():
            raise UserError(
                f"{self.label}: all {len(self.points)} trials diverged or ended above their start: "
                f"search lower values, as {advice.INTERVAL}"
            )
        ordered = sorted({tuple(point.values()) for point in self.points})
        places = [ordered.index(tuple(self.points[trial].values())) for trial in self._runs["trial"]]
        runs = self._runs.assign(place=places)
        best = [
            ordered[int(tuning.choose(runs, by, among="place")["place"].iloc[0])]
            for by in objective.rules(self._runs.drop(columns="trial"))
        ]
        self.chosen = [dict(zip(self.points[0], values, strict=True)) for values in dict.fromkeys(best)]

    @property
    def medians(self) -> pd.DataFrame:
        """A row a trial: the medians by which it is judged."""
        return objective.medians(self._runs).drop(columns="trial")
