"""The comparison table: a row a target and contender, at the rate chosen for it, over the reported seeds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from perbatch.analysis.costs import QUANTITIES
from perbatch.analysis.statistics import Estimate, geometric_interval, mean_interval, share_interval
from perbatch.analysis.sweep import Sweep
from perbatch.analysis.tuning import CELL, Seeds, reported_runs, split_seeds
from perbatch.errors import UserError


@dataclass(frozen=True)
class Results:
    """What tables, figures and sentences are made from: a sweep judged at one target, its first.

    `choices`: a row a contender (see `choose_rates`); `reported`: the runs shown, with test_loss and
    test_accuracy or test_r2; `comparison`: the table of results, in the order of `choices`; `data`: what the
    prepared data say of themselves (title, origin, licence, sizes, settings) with the data set's own name,
    empty where that is not known.
    `others`: the same for each of the other targets. `ending`: the same at the rates chosen for the end of
    training instead of a target (its sweep is judged at the first); None if none were chosen.
    `known`: what each `fact` found.
    """

    sweep: Sweep
    seeds: Seeds
    choices: pd.DataFrame
    reported: pd.DataFrame
    comparison: pd.DataFrame
    data: Mapping[str, Any]
    others: tuple["Results", ...] = ()
    ending: "Results | None" = None
    known: dict[object, Any] = field(init=False, default_factory=dict, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The data set's own name, which for a user's file is not that of its prepared folder."""
        return str(self.data.get("name", self.sweep.data))

    @property
    def each(self) -> tuple["Results", ...]:
        """The results at every target, the first one's first."""
        return (self, *self.others)

    @property
    def shown(self) -> pd.DataFrame:
        """The reported runs at all the rates that were chosen, for a target or for the end, once each."""
        parts = [*self.each, self.ending] if self.ending else self.each
        return pd.concat([part.reported for part in parts]).drop_duplicates("identity")

    def runs_of(self, row: pd.Series) -> pd.DataFrame:
        """The reported runs of the contender of a row of the comparison or of the choices."""
        return self.reported[self.reported["contender"] == row["contender"]]


Fact = TypeVar("Fact")


def fact(find: Callable[[Results], Fact]) -> Callable[[Results], Fact]:
    """Make a function of Results one that is computed once for each; nobody may change what it returned."""

    @wraps(find)
    def known(results: Results) -> Fact:
        if find not in results.known:
            results.known[find] = find(results)
        return results.known[find]

    return known


def compare(
    sweep: Sweep, choices: pd.DataFrame, tested: pd.DataFrame, data: Mapping[str, Any] | None = None
) -> Results:
    """Aggregate the reported seeds for each target of `choices` (as made by `choose_all` or `choose_rates`).

    `tested` has identity and the test metrics of all reported runs. `data` is the prepared data's summary.
    """
    shown = _with_test_metrics(reported_runs(sweep, choices), tested, sweep.score)
    each = [
        _at(sweep.at(float(target)), alike, shown, data or {})
        for target, alike in choices.groupby("target", sort=False)
    ]
    for_the_end = choices[choices["target"].isna()]
    ending = _at(sweep, for_the_end, shown, data or {}) if len(for_the_end) else None
    return replace(each[0], others=tuple(each[1:]), ending=ending)


def at_one_rate(results: Results, rate: float) -> Results:
    """Return the results with every contender at that learning rate, those left out that were not run at it.

    Test data have no part in it: their columns are empty.
    """
    sweep = results.sweep
    runs = sweep.usable
    runs = runs[(runs["learning_rate"] == rate) & runs["seed"].isin(results.seeds.reported)]
    runs = runs.assign(**{f"test_{sweep.score}": np.nan, "test_loss": np.nan})
    choices = results.choices[results.choices["contender"].isin(runs["contender"])]
    return _at(sweep, choices.assign(learning_rate=rate), runs, results.data)


def estimates(reported: pd.DataFrame, score: str) -> dict[str, Estimate]:
    """Return the estimate of every quantity over one contender's reported runs, by column name.

    Counts: geometric mean. Losses and scores: mean; a lost run counts as the worst value. Where a seed
    did not reach the target, or was lost: the median.
    """
    result = {f"{q}_to_target": geometric_interval(reported[f"{q}_to_target"]) for q in QUANTITIES}
    result[f"test_{score}"] = mean_interval(reported[f"test_{score}"], worst=-np.inf)
    result["test_loss"] = mean_interval(reported["test_loss"])
    result["validation_loss"] = mean_interval(reported["final_loss"])
    return result


def _at(sweep: Sweep, choices: pd.DataFrame, shown: pd.DataFrame, data: Mapping[str, Any]) -> Results:
    """The results at one target, or at the end: `shown` has the runs of all of them."""
    choices = choices.reset_index(drop=True)
    chosen = pd.MultiIndex.from_frame(choices[CELL])
    judged = shown[pd.MultiIndex.from_frame(shown[CELL]).isin(chosen)]
    counts = [f"{quantity}_to_target" for quantity in QUANTITIES]
    judged = judged.assign(**sweep.runs.loc[judged.index, counts])
    cells = dict(iter(judged.groupby(CELL)))
    rows = [
        _row(sweep, choice, cells.get(tuple(choice[CELL]), judged.iloc[:0]))
        for _, choice in choices.iterrows()
    ]
    return Results(sweep, split_seeds(sweep), choices, judged, pd.DataFrame(rows), data)


def _with_test_metrics(reported: pd.DataFrame, tested: pd.DataFrame, score: str) -> pd.DataFrame:
    wanted = [f"test_{score}", "test_loss"]
    absent = set(reported["identity"]) - set(tested["identity"])
    if absent:
        raise UserError(f"the run {min(absent)} has no test metrics: its weights are not in results/train")
    values = tested.set_index("identity")[wanted].astype(float)
    return reported.assign(
        **{name: reported["identity"].map(values[name]).where(~reported["lost"]) for name in wanted}
    )


def _row(sweep: Sweep, choice: pd.Series, mine: pd.DataFrame) -> dict[str, object]:
    """A contender's row: `mine` are its reported runs at the chosen rate."""
    statuses = sweep.statuses.loc[choice["contender"]]
    row: dict[str, object] = {
        **choice.drop(["tuning_cost", "tuning_loss"]),
        "learning_rate_over_batch_size": choice["learning_rate"] / choice["batch_size"],
        "n": len(mine),
        **share_interval(int(np.isfinite(mine["epochs_to_target"]).sum()), len(mine)).columns("reached"),
        "runs": int(statuses.sum()),
        "diverged": int(statuses["diverged"]),
        "failed": int(statuses["failed"]),
    }
    found = estimates(mine, sweep.score)
    for name, estimate in found.items():
        row |= estimate.columns(name)
    # all counts, and all final values, are alike
    row["to_target_kind"], row["final_kind"] = found["epochs_to_target"].kind, found["validation_loss"].kind
    return row
