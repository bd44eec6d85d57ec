"""What the loss curves are drawn from: each speaking mode's seeds and their median, on four axes."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from perbatch.analysis.costs import spent
from perbatch.analysis.curves import loss_table
from perbatch.analysis.representatives import representatives
from perbatch.analysis.results import Results, fact
from perbatch.analysis.statistics import ORDER, median_interval
from perbatch.report.figures.style import MODES, Looks
from perbatch.report.wording import clock_unit

AXES = {
    "presentations": "presentations (examples shown)",
    "updates": "updates",
    "evaluations": "evaluations of the network",
    "seconds": "training seconds",
}
SHOWN_SEEDS = 10  # more faint lines are a smear
NAMES = {"stochastic": "stochastic", "full_batch": "full batch", "repeat": "repeat until satisfied"}


@dataclass(frozen=True)
class Losses:
    """`median` and `seeds`: series, the four AXES, loss; `median` has low and high too, nan without interval.

    The series are the keys of `names`, in the order of the modes; `titles` names the axes. A diverged seed's
    loss is empty. Seconds are milliseconds where all are below a second. `start` is the loss before training.
    """

    names: dict[str, str]
    median: pd.DataFrame
    seeds: pd.DataFrame
    titles: dict[str, str]
    target: float
    start: float

    @property
    def axes(self) -> list[str]:
        """The axes that every series has."""
        return [axis for axis in AXES if self.median[axis].notna().all()]

    @property
    def looks(self) -> Looks:
        """Colour and dash of each series."""
        return {name: MODES[name] for name in self.names}


def short_name(name: str, row: pd.Series) -> str:
    """Name a speaking mode in a few words."""
    if name == "repeat" and pd.isna(row["tolerance"]):
        return f"each batch {int(row['updates_per_batch'])} times"
    return NAMES.get(name, f"mini-batch of {int(row['batch_size']):,}")


@fact
def losses_of(results: Results) -> Losses:
    """Return the curves of the modes at their chosen rates, over the reported seeds."""
    names, medians, seeds = {}, [], []
    history, target = results.sweep.history, results.sweep.target
    start = float(history.loc[history["presentations"] == 0, "validation_loss"].median())
    for name, row in representatives(results).items():
        runs = results.reported[results.reported["contender"] == row["contender"]]
        if runs.empty:
            continue
        names[name] = short_name(name, row)
        points = _points(history, runs).assign(series=name)
        medians.append(_median(loss_table(history, runs), points))
        shown = points[points["seed"].isin(sorted(runs["seed"].unique())[:SHOWN_SEEDS])]
        seeds.append(shown[shown.groupby("seed").cumcount() % 2 == 0])  # half the points show the spread
    if not names:
        return Losses({}, pd.DataFrame(), pd.DataFrame(), AXES, target, start)
    median, single = pd.concat(medians, ignore_index=True), pd.concat(seeds, ignore_index=True)
    factor, clock = clock_unit(median["seconds"])
    median["seconds"] *= factor
    single["seconds"] *= factor
    return Losses(names, median, single, {**AXES, "seconds": clock}, target, start)


def band_sentence(losses: Losses) -> str:
    """Name the interval of the medians; nothing where there is none."""
    return ORDER if len(losses.median) and losses.median["low"].notna().any() else ""


def _points(history: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    of = runs.set_index("identity")[["seed", "n_train", "gradient_us", "forward_us"]]
    mine = history[history["identity"].isin(of.index) & (history["presentations"] > 0)].join(
        of, on="identity"
    )
    kept, cost = mine[["seed", "presentations", "updates"]], spent(mine)[["evaluations", "seconds"]]
    return kept.join(cost).assign(loss=mine["validation_loss"])


def _median(losses: pd.DataFrame, points: pd.DataFrame) -> pd.DataFrame:
    losses = losses[losses.index > 0]
    medians = [median_interval(row) for row in losses.to_numpy(float)]
    axes = points.groupby("presentations")[["updates", "evaluations", "seconds"]].median()
    table = axes.reindex(losses.index).reset_index().assign(series=points["series"].iloc[0])
    for column, part in (("loss", "value"), ("low", "low"), ("high", "high")):
        table[column] = [getattr(each, part) for each in medians]
    return table.replace([np.inf, -np.inf], np.nan)
