"""One comparison's runs with what is derived for each of them: contender, price, time to target."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
import pandas as pd

from perbatch.analysis.contenders import contenders
from perbatch.analysis.costs import PRICES, last_loss, measured, price_runs, to_target
from perbatch.analysis.searched import Searched
from perbatch.analysis.settings import EvaluateSettings
from perbatch.analysis.tables import STATUSES, Tables
from perbatch.columns import KEYS


@dataclass(frozen=True)
class Sweep:
    """All runs of one sweep over one data set, judged at one target, and the settings they are judged by.

    `runs` has the columns of runs.csv, then contender, way, gradient_us, forward_us, the five `_to_target`,
    last_loss (the last validation loss; infinite if it did not finish), lost (diverged, or ended above the
    training loss it started from) and final_loss (last_loss; infinite if lost). Its index is the row in
    runs.csv.
    `targets` are all that the settings name, `target` is the one that the `_to_target` columns speak of.
    `overrides` turn the defaults of a run into what all runs share; `searched`: see `Tables`.
    `constant_loss` is the training loss of the best constant answer.
    """

    runs: pd.DataFrame
    history: pd.DataFrame
    throughput: pd.DataFrame
    settings: EvaluateSettings
    targets: tuple[float, ...]
    target: float
    constant_loss: float
    overrides: tuple[str, ...] = ()
    searched: Searched | None = None

    def at(self, target: float) -> Self:
        """Return the same runs judged at another target, any validation loss."""
        if target == self.target:
            return self
        judged = to_target(self.runs, self.history, self.runs[list(PRICES)], target)
        return replace(self, runs=self.runs.assign(**judged), target=target)

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

    @cached_property
    def benchmark(self) -> pd.DataFrame:
        """The benchmark's rows for the network, dtype and engine of the runs, without accumulation."""
        return measured(self.throughput, self.runs.iloc[0])

    @cached_property
    def memory(self) -> pd.DataFrame:
        """The benchmark's rows for that network, with and without accumulation."""
        run, chunks = self.runs.iloc[0], self.throughput["micro_batch_size"].drop_duplicates()
        parts = [measured(self.throughput, pd.Series({**run, "micro_batch_size": size})) for size in chunks]
        return pd.concat(parts) if parts else self.throughput

    @cached_property
    def usable(self) -> pd.DataFrame:
        """The runs with a result: all but the failed."""
        return self.runs[self.runs["status"] != "failed"]

    def history_of(self, runs: pd.DataFrame) -> pd.DataFrame:
        """Return the evaluations of some runs, in the order of the history."""
        places = [self._places[identity] for identity in runs["identity"] if identity in self._places]
        return self.history.take(np.sort(np.concatenate(places))) if places else self.history.iloc[:0]

    @cached_property
    def _places(self) -> Mapping[Hashable, np.ndarray]:
        return self.history.groupby("identity").indices

    @cached_property
    def statuses(self) -> pd.DataFrame:
        """How many runs of each contender finished, diverged and failed: a row a contender."""
        counts = self.runs.groupby(["contender", "status"]).size().unstack(fill_value=0)
        return counts.reindex(columns=list(STATUSES), fill_value=0)


def build_sweep(tables: Tables, settings: EvaluateSettings, y_train: np.ndarray) -> Sweep:
    """Derive contender, price and time to the first target of every run.

    `y_train` are the training part's labels or targets. UserError if the data set has no target or one that
    is met before any training.
    """
    start = tables.history.loc[tables.history["presentations"] == 0, "validation_loss"].median()
    targets = settings.targets_of(str(tables.runs["data"].iloc[0]), start)
    # One order whatever the tables' own, so that the outputs are the same bytes.
    runs = tables.runs.sort_values(KEYS, kind="stable")
    history = tables.history.sort_values(["identity", "presentations"], kind="stable")
    prices = price_runs(runs, tables.throughput)
    last = last_loss(runs)
    lost = ended_above(runs, history)
    derived = pd.concat(
        [
            contenders(runs),
            prices,
            to_target(runs, history, prices, targets[0]),
            last.rename("last_loss"),
            lost.rename("lost"),
            last.where(~lost, np.inf).rename("final_loss"),
        ],
        axis=1,
    )
    runs = pd.concat([runs, derived], axis=1).copy()  # columns of a type in one block: rows are taken often
    constant = constant_loss(y_train, str(runs["loss"].iloc[0]))
    how = tables.overrides, tables.searched
    return Sweep(runs, history, tables.throughput, settings, targets, targets[0], constant, *how)


def ended_above(runs: pd.DataFrame, history: pd.DataFrame) -> pd.Series:
    """Whether a run diverged, or ended above the training loss it started from, which is next to it.

    Such a loss may be any number: a mean over seeds would be about that one alone.
    """
    loss = history.groupby("identity")["train_loss"].agg(["first", "last"])
    start, end = runs["identity"].map(loss["first"]), runs["identity"].map(loss["last"])
    return (runs["status"] == "diverged") | (end > start)


def constant_loss(targets: np.ndarray, loss: str) -> float:
    """Return the mean loss over `targets` (n,) of the best constant answer.

    Integers are labels: the shares of the classes answer best, with the cross-entropy of these shares, or as
    a squared error with half the sum of their variances. Other numbers: half their variance.
    """
    if loss == "squared_error" and not np.issubdtype(targets.dtype, np.integer):
        return float(np.var(targets) / 2)
    shares = np.unique(targets, return_counts=True)[1] / len(targets)
    if loss == "squared_error":
        return float((1 - (shares**2).sum()) / 2)
    if loss == "cross_entropy":
        return float(-(shares * np.log(shares)).sum())
    raise NotImplementedError(f"the best constant answer under the loss {loss}")
