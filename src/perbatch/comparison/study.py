"""One comparison's runs with what is derived for each of them: contender, price, time to target."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from perbatch.comparison.labels import contenders
from perbatch.comparison.prices import price_runs
from perbatch.comparison.settings import Settings
from perbatch.comparison.tables import RUN_KEYS, Tables
from perbatch.comparison.targets import to_target
from perbatch.errors import UserError


@dataclass(frozen=True)
class Study:
    """All runs of one sweep over one data set, and the settings they are judged by.

    `runs` has the columns of runs.csv, then contender, gradient_us, forward_us, the four `_to_target`
    and final_loss (the last validation loss; infinite if diverged). Its index is the row in runs.csv.
    """

    runs: pd.DataFrame
    history: pd.DataFrame
    throughput: pd.DataFrame
    settings: Settings
    target: float

    @property
    def data(self) -> str:
        """The data set's name."""
        return str(self.runs["data"].iloc[0])

    @property
    def regression(self) -> bool:
        """Whether the page speaks of R^2 instead of accuracy."""
        return bool(self.runs["task"].iloc[0] == "regression")

    @property
    def score(self) -> str:
        """`accuracy` or `r2`."""
        return "r2" if self.regression else "accuracy"

    @property
    def n_train(self) -> int:
        """The number of training examples."""
        return int(self.runs["n_train"].iloc[0])

    @property
    def usable(self) -> pd.DataFrame:
        """The runs with a result: all but the failed."""
        return self.runs[self.runs["status"] != "failed"]

    @property
    def priced(self) -> bool:
        """Whether every run has a price, so that seconds compare."""
        return bool(self.usable["gradient_us"].notna().all())


def build_study(tables: Tables, settings: Settings) -> Study:
    """Derive contender, price and time to target of every run; UserError if the data set has no target
    or one that is met before any training."""
    target = settings.target_of(str(tables.runs["data"].iloc[0]))
    # One order whatever the tables' own, so that the outputs are the same bytes.
    runs = tables.runs.sort_values(RUN_KEYS, kind="stable")
    history = tables.history.sort_values(["identity", "presentations"], kind="stable")
    _check_target(tables, target)
    prices = price_runs(runs, tables.throughput)
    finite = (runs["status"] == "finished") & np.isfinite(runs["validation_loss"])
    derived = pd.concat(
        [
            contenders(runs).rename("contender"),
            prices,
            to_target(runs, history, prices, target),
            runs["validation_loss"].where(finite, np.inf).rename("final_loss"),
        ],
        axis=1,
    )
    return Study(pd.concat([runs, derived], axis=1), history, tables.throughput, settings, target)


def _check_target(tables: Tables, target: float) -> None:
    start = tables.history.loc[tables.history["presentations"] == 0, "validation_loss"].median()
    if start <= target:
        name = tables.runs["data"].iloc[0]
        raise UserError(
            f"params.yaml: evaluate.target.{name} is {target:g}, but runs start at a validation "
            f"loss of {start:.3g}: "
            "a target must lie below it"
        )
