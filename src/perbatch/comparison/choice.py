"""Each contender's learning rate, chosen on the tuning seeds' validation data by one rule.

The rule: the rate with the lowest median training cost to target over the tuning seeds (training seconds
where the benchmark prices them, else gradient evaluations; unreached is infinite); among equals the lowest
median final validation loss (divergence is infinite), then the smallest rate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from perbatch.comparison.labels import CONTENDER, in_order
from perbatch.comparison.study import Study


@dataclass(frozen=True)
class Seeds:
    """Which seeds choose the rate and which are reported. `apart` is false where they are the same ones."""

    tuning: tuple[int, ...]
    reported: tuple[int, ...]

    @property
    def apart(self) -> bool:
        """Whether no seed does both."""
        return not set(self.tuning) & set(self.reported)


def split_seeds(study: Study) -> Seeds:
    """Split the seeds that were run; where one part would be empty, all seeds do both."""
    seeds = sorted({int(seed) for seed in study.runs["seed"]})
    tuning = tuple(seed for seed in seeds if seed in study.settings.tuning_seeds)
    reported = tuple(seed for seed in seeds if seed not in study.settings.tuning_seeds)
    return Seeds(tuning, reported) if tuning and reported else Seeds(tuple(seeds), tuple(seeds))


def choose_rates(study: Study) -> pd.DataFrame:
    """Return a row a contender: its columns, contender, learning_rate, rate_at_edge, rates_tried,
    and the tuning cost and loss by which the rate was chosen (infinite where no run reached or survived).
    """
    cost = "seconds_to_target" if study.priced else "gradient_evaluations_to_target"
    tuning = study.usable[study.usable["seed"].isin(split_seeds(study).tuning)]
    scores = (
        tuning.groupby(["contender", "learning_rate"])
        .agg(tuning_cost=(cost, "median"), tuning_loss=("final_loss", "median"))
        .fillna(np.inf)  # the median of a finite and an infinite middle
        .reset_index()
    )
    rows = [_chosen(alike, scores) for _, alike in study.runs.groupby("contender", sort=False)]
    return in_order(pd.DataFrame(rows)).reset_index(drop=True)


def reported_runs(study: Study, choices: pd.DataFrame) -> pd.DataFrame:
    """Return the usable runs that are shown: the reported seeds at each contender's chosen rate."""
    chosen = choices.set_index("contender")["learning_rate"]
    runs = study.usable
    at_rate = runs["learning_rate"] == runs["contender"].map(chosen)
    return runs[at_rate & runs["seed"].isin(split_seeds(study).reported)]


def _chosen(alike: pd.DataFrame, scores: pd.DataFrame) -> dict[str, object]:
    rates = sorted(alike["learning_rate"].unique())
    first = alike.iloc[0]
    mine = scores[scores["contender"] == first["contender"]]
    best = mine.sort_values(["tuning_cost", "tuning_loss", "learning_rate"], kind="stable").head(1)
    rate = float(best["learning_rate"].iloc[0]) if len(best) else np.nan
    return {
        **{key: first[key] for key in [*CONTENDER, "contender"]},
        "learning_rate": rate,
        "rate_at_edge": _edge(rate, rates),
        "rates_tried": len(rates),
        "tuning_cost": float(best["tuning_cost"].iloc[0]) if len(best) else np.inf,
        "tuning_loss": float(best["tuning_loss"].iloc[0]) if len(best) else np.inf,
    }


def _edge(rate: float, rates: list[float]) -> str:
    if len(rates) == 1:
        return "only" if rate in rates else ""
    return {rates[0]: "low", rates[-1]: "high"}.get(rate, "")
