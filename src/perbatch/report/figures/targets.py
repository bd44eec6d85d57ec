"""What it takes to reach the target, against batch size: log2 by log2, unreached as hollow triangles."""

import altair as alt
import numpy as np
import pandas as pd

from perbatch.analysis.costs import spent
from perbatch.analysis.representatives import best_repeats, plain_rows
from perbatch.analysis.results import Results
from perbatch.report.figures.style import (
    HEIGHT,
    INK,
    PAIR,
    PAIR_DASHES,
    PAIR_SHAPES,
    PLAIN,
    REPEAT,
    RULE,
    WIDTH,
    batch_sizes,
    by_series,
    log2_axis,
    padded,
    records,
)
from perbatch.report.figures.svg import Figure, Key, draw, key
from perbatch.report.wording import UNITS, clock_unit, number, seeds_reached

APART = {PLAIN: 1 / 1.06, REPEAT: 1.06}  # the two series stand side by side
SCALING = {"updates": 1, "evaluations": 0, "seconds": 1}  # perfect: falls with this power of M
PERFECT_DASH = [2, 3]
COLUMNS = ["series", "size", "batch_size", "value", "low", "high", "reached", "seeds"]


def target_figures(results: Results) -> list[Figure]:
    """Draw updates, evaluations and seconds to target, each where two batch sizes have something."""
    figures = (_figure(results, quantity) for quantity in SCALING)
    return [figure for figure in figures if figure is not None]


def target_keys(results: Results) -> list[Key]:
    """Return the key that the panels share."""
    points = _points(results, "updates")
    present = [name for name in PAIR if (points["series"] == name).any()]
    keys = [key(name, PAIR[name], PAIR_DASHES[name], PAIR_SHAPES[name]) for name in present]
    if not points["reached"].all():
        keys.append(key("not reached, at what was spent", INK, None, "hollow-triangle-up"))
    return [*keys, key("perfect scaling", RULE, PERFECT_DASH)]


def _figure(results: Results, quantity: str) -> Figure | None:
    points = _points(results, quantity)
    if points["size"].nunique() < 2:
        return None
    factor, unit = clock_unit(points["value"]) if quantity == "seconds" else (1.0, UNITS[quantity])
    points[["value", "low", "high"]] *= factor
    present = {name: PAIR[name] for name in PAIR if (points["series"] == name).any()}
    sizes = sorted({int(size) for size in points["size"]})
    domain = padded([*points["value"], *points["low"].dropna(), *points["high"].dropna()])
    x = batch_sizes([*points["batch_size"], *sizes], shown=sizes)
    scale = alt.Scale(type="log", base=2, domain=domain, nice=False, clamp=True)
    y = alt.Y("value:Q", title=f"{unit} to target", scale=scale, axis=log2_axis(domain))
    colour = by_series(alt.Color, present)
    shape = by_series(alt.Shape, {name: PAIR_SHAPES[name] for name in present})
    dash = by_series(alt.StrokeDash, {name: PAIR_DASHES[name] for name in present})
    base = alt.Chart(records(points))
    reached = base.transform_filter("datum.reached")
    line = reached.mark_line(strokeWidth=1.6).encode(x=x, y=y, color=colour, strokeDash=dash)
    bars = reached.transform_filter("isValid(datum.low)").mark_rule(strokeWidth=2.4)
    bars = bars.encode(x=x, y=alt.Y("low:Q", scale=scale), y2="high:Q", color=colour)
    dots = reached.mark_point(size=60, filled=True, opacity=1).encode(x=x, y=y, color=colour, shape=shape)
    missed = base.transform_filter("!datum.reached").mark_point(shape="triangle-up", size=110, strokeWidth=2)
    perfect = alt.Chart(records(_perfect(points, SCALING[quantity], domain)))
    perfect = perfect.mark_line(color=RULE, strokeDash=PERFECT_DASH, strokeWidth=1.4)
    layers = [perfect.encode(x=x, y=y), line, bars, dots, missed.encode(x=x, y=y, color=colour)]
    chart = alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)
    return draw(chart, f"target-{quantity.replace('_', '-')}", _label(points, unit))


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
    rows = []
    for series, table in ((PLAIN, plain_rows(results)), (REPEAT, best_repeats(results))):
        for _, row in table.sort_values("batch_size").iterrows():
            value = row[f"{quantity}_to_target"]
            reached = not pd.isna(value)
            rows.append(
                {
                    "series": series,
                    "size": int(row["batch_size"]),
                    "batch_size": row["batch_size"] * APART[series],
                    "value": value if reached else _spent(results, row, quantity),
                    "low": row[f"{quantity}_to_target_low"],
                    "high": row[f"{quantity}_to_target_high"],
                    "reached": reached,
                    "seeds": seeds_reached(row),
                }
            )
    points = pd.DataFrame(rows, columns=COLUMNS)
    return points[points["value"].notna() & (points["value"] > 0)].reset_index(drop=True)


def _spent(results: Results, row: pd.Series, quantity: str) -> float:
    runs = results.reported[results.reported["contender"] == row["contender"]]
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
