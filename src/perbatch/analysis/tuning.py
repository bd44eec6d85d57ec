"""Each contender's learning rate, chosen on the tuning seeds' validation data by one rule: `choose`.

For a target, the rate is chosen by the evaluations of the network to it (see `costs`; unreached is infinite,
and seconds have no part in it), among equals by the final validation loss (`costs.last_loss`; infinite where
a run diverged or ended above its start), and at last it is the lower rate. For the end of training it is
chosen by that loss alone. Test data have no part in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from perbatch.analysis.contenders import CONTENDER, in_order
from perbatch.analysis.searched import Searched
from perbatch.analysis.sweep import Sweep

CELL = ["contender", "learning_rate"]


@dataclass(frozen=True)
class Seeds:
    """Which seeds choose the rate and which are reported. `apart` is false where they are the same ones."""

    tuning: tuple[int, ...]
    reported: tuple[int, ...]

    @property
    def apart(self) -> bool:
        """Whether no seed does both."""
        return not set(self.tuning) & set(self.reported)


def split_seeds(sweep: Sweep) -> Seeds:
    """Split the seeds that were run; where one part would be empty, all seeds do both."""
    seeds = sorted({int(seed) for seed in sweep.runs["seed"]})
    tuning = tuple(seed for seed in seeds if seed in sweep.settings.tuning_seeds)
    reported = tuple(seed for seed in seeds if seed not in sweep.settings.tuning_seeds)
    return Seeds(tuning, reported) if tuning and reported else Seeds(tuple(seeds), tuple(seeds))


def choose(
    tuning: pd.DataFrame, by: Sequence[str], within: Sequence[str] = (), among: str = "learning_rate"
) -> pd.DataFrame:
    """Choose by the tuning seeds' runs: the lowest median of the first column of `by`.

    Among equals the lowest median of the next column, and at last the lowest value of `among` itself, which
    is what is chosen. A median between a finite and an infinite run is infinite. Returns a row for each group
    of `within` (one for all rows without any), the best first: within, among, and the medians.
    """
    medians = tuning.groupby([*within, among])[list(by)].median().fillna(np.inf).reset_index()
    ordered = medians.sort_values([*by, among], kind="stable")
    return ordered.drop_duplicates(list(within)) if within else ordered.head(1)


def choose_all(sweep: Sweep) -> pd.DataFrame:
    """Return the choices for each of the sweep's targets, then those for the end of training.

    Columns as of `choose_rates`; the index tells the rows apart, no more.
    """
    parts = [choose_rates(sweep.at(target)) for target in sweep.targets]
    return pd.concat([*parts, choose_final_rates(sweep)], ignore_index=True)


def choose_rates(sweep: Sweep) -> pd.DataFrame:
    """Choose each contender's rate for the sweep's target (any other one: `sweep.at(target)`).

    A row a contender: target, the contender's columns, contender, way, learning_rate, rate_at_edge (low,
    high, only, or empty), rates_tried, and the tuning cost and loss by which the rate was chosen (infinite
    where no run reached or survived).
    """
    return _choose(sweep, ["tuning_cost", "tuning_loss"]).assign(target=sweep.target)


def choose_final_rates(sweep: Sweep) -> pd.DataFrame:
    """Choose each contender's rate for the end of training: as `choose_rates`, without target and cost."""
    return _choose(sweep, ["tuning_loss"]).assign(target=np.nan, tuning_cost=np.nan)


def reported_runs(sweep: Sweep, choices: pd.DataFrame) -> pd.DataFrame:
    """Return the usable runs that are shown: the reported seeds at any of each contender's chosen rates."""
    chosen = pd.MultiIndex.from_frame(choices[CELL])
    runs = sweep.usable
    at_rate = pd.MultiIndex.from_frame(runs[CELL]).isin(chosen)
    return runs[at_rate & runs["seed"].isin(split_seeds(sweep).reported)]


def _choose(sweep: Sweep, by: list[str]) -> pd.DataFrame:
    tuning = sweep.usable[sweep.usable["seed"].isin(split_seeds(sweep).tuning)]
    tuning = tuning.rename(columns={"evaluations_to_target": "tuning_cost", "final_loss": "tuning_loss"})
    best = choose(tuning, by, ["contender"]).set_index("contender")
    rows = [
        _chosen(alike, best.loc[name] if name in best.index else None, sweep.searched)
        for name, alike in sweep.runs.groupby("contender", sort=False)
    ]
    return in_order(pd.DataFrame(rows)).reset_index(drop=True)


def _chosen(alike: pd.DataFrame, best: pd.Series | None, searched: Searched | None) -> dict[str, object]:
    rates = sorted(alike["learning_rate"].unique())
    first = alike.iloc[0]
    rate = np.nan if best is None else float(best["learning_rate"])
    return {
        "target": np.nan,
        **{key: first[key] for key in [*CONTENDER, "contender", "way"]},
        "learning_rate": rate,
        "rate_at_edge": _edge(rate, rates, searched),
        "rates_tried": len(rates),
        "tuning_cost": np.inf if best is None else float(best.get("tuning_cost", np.nan)),
        "tuning_loss": np.inf if best is None else float(best["tuning_loss"]),
    }


def _edge(rate: float, rates: list[float], searched: Searched | None) -> str:
    if len(rates) == 1:
        return "only" if rate in rates else ""
    if searched:
        return searched.edge(rate)
    return {rates[0]: "low", rates[-1]: "high"}.get(rate, "")
