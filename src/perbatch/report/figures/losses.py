"""Loss curves: each representative's seeds and their median, on four axes, and how they are drawn."""

from dataclasses import dataclass

import altair as alt
import numpy as np
import pandas as pd

from perbatch.analysis.costs import spent
from perbatch.analysis.curves import loss_table
from perbatch.analysis.representatives import representatives
from perbatch.analysis.results import Results, fact
from perbatch.analysis.statistics import ORDER, median_interval
from perbatch.analysis.sweep import Sweep
from perbatch.report.figures.series import by_series
from perbatch.report.figures.style import INK, MODES, QUIET, Looks, logarithmic, padded, records
from perbatch.report.wording import UNITS, clock_unit

AXES = {
    "presentations": "presentations (examples shown)",
    **{quantity: UNITS[quantity] for quantity in ("updates", "evaluations", "seconds")},
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
    """Name a mode's representative in a few words."""
    if name == "repeat" and pd.isna(row["tolerance"]):
        return f"each batch {int(row['updates_per_batch'])} times"
    return NAMES.get(name, f"mini-batch of {int(row['batch_size']):,}")


@fact
def losses_of(results: Results) -> Losses:
    """Return the curves of the modes at their chosen rates, over the reported seeds."""
    names, medians, seeds = {}, [], []
    sweep, target = results.sweep, results.sweep.target
    history = sweep.history
    start = float(history.loc[history["presentations"] == 0, "validation_loss"].median())
    for name, row in representatives(results).items():
        runs = results.runs_of(row)
        if runs.empty:
            continue
        names[name] = short_name(name, row)
        points = _points(sweep, runs).assign(series=name)
        medians.append(_median(loss_table(sweep, runs), points))
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


def _points(sweep: Sweep, runs: pd.DataFrame) -> pd.DataFrame:
    of = runs.set_index("identity")[["seed", "n_train", "gradient_us", "forward_us"]]
    mine = sweep.history_of(runs).join(of, on="identity")
    mine = mine[mine["presentations"] > 0]
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


def loss_domain(curves: pd.DataFrame, losses: Losses) -> list[float]:
    """Return the range of the curves' losses, cut off above three times that before training."""
    ceiling = 3 * losses.start if np.isfinite(losses.start) else np.inf
    return padded([*curves["loss"].clip(upper=ceiling).dropna(), losses.target])


def loss_axis(column: str, domain: list[float]) -> alt.Y:
    """Return the axis of validation losses."""
    return logarithmic(alt.Y, column, "validation loss", domain)


def line(chart: alt.Chart, looks: Looks) -> alt.Chart:
    """Draw medians, coloured and dashed by mode."""
    return chart.mark_line(strokeWidth=2.2, clip=True).encode(**by_series(looks, "color", "strokeDash"))


def faint(chart: alt.Chart, looks: Looks) -> alt.Chart:
    """Draw a thin line a seed."""
    lines = chart.mark_line(strokeWidth=0.8, opacity=0.22, clip=True)
    return lines.encode(detail="seed:N", **by_series(looks, "color"))


def band(chart: alt.Chart, looks: Looks, domain: list[float]) -> alt.Chart:
    """Draw the interval of the medians."""
    area = chart.mark_area(opacity=0.2, clip=True)
    return area.encode(y=loss_axis("low", domain), y2="high:Q", **by_series(looks, "fill"))


def target_rule(target: float, domain: list[float]) -> tuple[alt.Chart, alt.Chart]:
    """Draw the target as a dotted rule with its value."""
    base = alt.Chart(records(pd.DataFrame({"target": [target], "text": [f"target {target:g}"]})))
    y = loss_axis("target", domain)
    rule = base.mark_rule(color=QUIET, strokeDash=[2, 3]).encode(y=y)
    text = base.mark_text(align="left", baseline="bottom", dx=3, dy=-2, color=INK, fontSize=11)
    return rule, text.encode(x=alt.value(0), y=y, text="text:N")
