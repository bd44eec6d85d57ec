"""What the loss curves are drawn from: each speaking mode's seeds and their median, on four axes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import binom

from perbatch.comparison.compare import Findings
from perbatch.comparison.curves import loss_table
from perbatch.comparison.figures.style import COLOURS, DASHES
from perbatch.comparison.speakers import speakers

AXES = {
    "presentations": "presentations (examples shown)",
    "updates": "updates",
    "gradient_evaluations": "gradient evaluations",
    "seconds": "training seconds",
}
SHOWN_SEEDS = 10  # more faint lines are a smear
NAMES = {"stochastic": "stochastic", "full_batch": "full batch", "repeat": "repeat until satisfied"}


@dataclass(frozen=True)
class Losses:
    """`median` and `seeds`: series, the four AXES, loss; `median` has low and high too, nan without interval.

    The series are the keys of `names`, in the order of the modes. A diverged seed's loss is empty.
    """

    names: dict[str, str]
    median: pd.DataFrame
    seeds: pd.DataFrame

    @property
    def axes(self) -> list[str]:
        """The axes that every series has."""
        return [axis for axis in AXES if self.median[axis].notna().all()]

    def colours(self) -> dict[str, str]:
        """Colour of each series."""
        return {name: COLOURS[name] for name in self.names}

    def dashes(self) -> dict[str, list[int]]:
        """Dash of each series."""
        return {name: DASHES[name] for name in self.names}


def short_name(name: str, row: pd.Series) -> str:
    """Name a speaking mode in a few words."""
    if name == "repeat" and pd.isna(row["tolerance"]):
        return f"each batch {int(row['updates_per_batch'])} times"
    return NAMES.get(name, f"mini-batch of {int(row['batch_size']):,}")


def losses_of(findings: Findings) -> Losses:
    """Return the curves of the modes at their chosen rates, over the reported seeds."""
    names, medians, seeds = {}, [], []
    for name, row in speakers(findings).items():
        runs = findings.reported[findings.reported["contender"] == row["contender"]]
        if runs.empty:
            continue
        names[name] = short_name(name, row)
        points = _points(findings.study.history, runs).assign(series=name)
        medians.append(_median(loss_table(findings.study.history, runs), points))
        shown = points[points["seed"].isin(sorted(runs["seed"].unique())[:SHOWN_SEEDS])]
        seeds.append(shown[shown.groupby("seed").cumcount() % 2 == 0])  # half the points show the spread
    if not names:
        return Losses({}, pd.DataFrame(), pd.DataFrame())
    return Losses(names, pd.concat(medians, ignore_index=True), pd.concat(seeds, ignore_index=True))


def median_ranks(n: int) -> tuple[int, int] | None:
    """Places (from 0) of the order statistics that hold the median with at least 95 %; None below n = 6."""
    below = int(binom.ppf(0.025, n, 0.5)) if n else 0
    return (below - 1, n - below) if below > 0 else None


def _points(history: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    of = runs.set_index("identity")[["seed", "gradient_us", "forward_us"]]
    mine = history[history["identity"].isin(of.index) & (history["presentations"] > 0)].join(of, on="identity")
    checks = mine["forward_evaluations"] * mine["forward_us"].where(mine["forward_evaluations"] > 0, 0.0)
    seconds = (mine["gradient_evaluations"] * mine["gradient_us"] + checks) / 1e6
    kept = mine[["seed", "presentations", "updates", "gradient_evaluations"]]
    return kept.assign(seconds=seconds, loss=mine["validation_loss"])


def _median(losses: pd.DataFrame, points: pd.DataFrame) -> pd.DataFrame:
    losses = losses[losses.index > 0]
    ordered = np.sort(losses.to_numpy(float), axis=1)
    ranks = median_ranks(losses.shape[1])
    axes = points.groupby("presentations")[["updates", "gradient_evaluations", "seconds"]].median()
    table = axes.reindex(losses.index).reset_index()
    table["series"] = points["series"].iloc[0]
    table["loss"] = losses.median(axis=1).to_numpy()
    table["low"] = ordered[:, ranks[0]] if ranks else np.nan
    table["high"] = ordered[:, ranks[1]] if ranks else np.nan
    return table.replace([np.inf, -np.inf], np.nan)


def band_sentence(n: int) -> str:
    """Name the interval of a median over `n` seeds; nothing where there is none."""
    ranks = median_ranks(n)
    if ranks is None:
        return ""
    return (
        f"the interval of the median by order statistics, from the seed in place {ranks[0] + 1} to that in "
        f"place {ranks[1] + 1} of {n}, which holds it with at least 95 %"
    )
