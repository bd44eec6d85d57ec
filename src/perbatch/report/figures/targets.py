"""What it takes to reach the target, against batch size: log2 by log2, unreached as hollow triangles."""

import altair as alt
import numpy as np
import pandas as pd

from perbatch.analysis.costs import spent
from perbatch.analysis.results import Results
from perbatch.report.figures.figure import Drawing, Figure
from perbatch.report.figures.series import PAIR, PLAIN, REPEAT, by_series, keys_of, pair_rows, series_layers
from perbatch.report.figures.style import INK, RULE, batch_sizes, log2_axis, padded, records
from perbatch.report.figures.svg import Key, Panel, draw, key, layered
from perbatch.report.wording import amounts, number, seeds_reached

APART = {PLAIN: 1 / 1.06, REPEAT: 1.06}  # the two series stand side by side
SCALING = {"updates": 1, "evaluations": 0, "seconds": 1}  # perfect: falls with this power of M
PERFECT_DASH = [2, 3]


def draw_targets(results: Results) -> Drawing:
    """Draw updates, evaluations and seconds to target, each where two batch sizes have something."""
    panels = [panel for quantity in SCALING if (panel := _panel(results, quantity))]
    return Drawing(panels, _keys(results) if panels else ())


def _keys(results: Results) -> list[Key]:
    points = _points(results, "updates")
    keys = keys_of({name: look for name, look in PAIR.items() if (points["series"] == name).any()})
    if not points["reached"].all():
        keys.append(key("not reached, at what was spent", INK, None, "hollow-triangle-up"))
    return [*keys, key("perfect scaling", RULE, PERFECT_DASH)]


def _panel(results: Results, quantity: str) -> Panel | None:
    points = _points(results, quantity)
    if points["size"].nunique() < 2:
        return None
    factor, unit = amounts(quantity, *points["value"])
    points[["value", "low", "high"]] *= factor
    sizes = sorted({int(size) for size in points["size"]})
    domain = padded([*points["value"], *points["low"].dropna(), *points["high"].dropna()])
    x = batch_sizes([*points["batch_size"], *sizes], shown=sizes)
    scale = alt.Scale(type="log", base=2, domain=domain, nice=False, clamp=True)
    y = alt.Y("value:Q", title=f"{unit} to target", scale=scale, axis=log2_axis(domain))
    base = alt.Chart(records(points))
    missed = base.transform_filter("!datum.reached").mark_point(shape="triangle-up", size=110, strokeWidth=2)
    perfect = alt.Chart(records(_perfect(points, SCALING[quantity], domain)))
    perfect = perfect.mark_line(color=RULE, strokeDash=PERFECT_DASH, strokeWidth=1.4)
    layers = [
        perfect.encode(x=x, y=y),
        *series_layers(base.transform_filter("datum.reached"), x, y, PAIR, bar=2.4, size=60),
        missed.encode(x=x, y=y, **by_series(PAIR, "color")),
    ]
    shown = points.drop(columns="batch_size").rename(columns={"size": "batch_size", "value": unit})
    return draw(layered(layers), f"target-{quantity}", _label(points, unit), data=shown)


def _perfect(points: pd.DataFrame, power: int, domain: list[float]) -> pd.DataFrame:
    """The line through the smallest batch that reached the target, to where it leaves the plot."""
    plain = points[(points["series"] == PLAIN) & points["reached"]]
    if len(plain) < 2:
        return pd.DataFrame(columns=["batch_size", "value"])
    first, last = plain.iloc[0], points["size"].max()
    end = min(last, first["size"] * first["value"] / domain[0]) if power else last
    values = [first["value"] * (first["size"] / size) ** power for size in (first["size"], end)]
    return pd.DataFrame({"batch_size": [first["size"], end], "value": values})


def _points(results: Results, quantity: str) -> pd.DataFrame:
    """A row a batch size and series: the value, or what was spent in vain where it is infinite."""
    rows, name = pair_rows(results), f"{quantity}_to_target"
    in_vain = pd.Series([_spent(results, row, quantity) for _, row in rows.iterrows()])
    points = pd.DataFrame(
        {
            "series": rows["series"],
            "size": rows["batch_size"],
            "batch_size": rows["batch_size"] * rows["series"].map(APART),
            "value": rows[name].fillna(in_vain),
            "low": rows[f"{name}_low"],
            "high": rows[f"{name}_high"],
            "reached": rows[name].notna(),
            "seeds": [seeds_reached(row) for _, row in rows.iterrows()],
        }
    ).sort_values(["series", "size"], kind="stable")
    return points[points["value"] > 0].reset_index(drop=True)


def _spent(results: Results, row: pd.Series, quantity: str) -> float:
    runs = results.runs_of(row)
    return float(spent(runs[~np.isfinite(runs["epochs_to_target"])])[quantity].median())


def _label(points: pd.DataFrame, unit: str) -> str:
    text = f"{unit.capitalize()} to target against batch size."
    for series, table in points.groupby("series", sort=False):
        values = ", ".join(
            f"M = {row.size}: "
            f"{number(row.value) if row.reached else 'not reached after ' + number(row.value)}"
            for row in table.itertuples()
        )
        text += f" {str(series).capitalize()}: {values}."
    return text


FIGURE = Figure(
    name="targets",
    number="5a",
    place="target",
    title="The cost to target against batch size, both axes in powers of two.",
    caption="""Points: geometric mean over the reported seeds. Bars: 95 % t-interval on logarithms, absent
where a seed did not reach the target (then the point is the median, unreached as infinite). A hollow
triangle: at least half of the seeds never reached it; it stands at what they had spent. Dotted: perfect
scaling from the smallest batch on, where twice the batch takes half the updates and half the time, and the
same number of evaluations of the network.""",
    draw=draw_targets,
)
