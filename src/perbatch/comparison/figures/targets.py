"""What it takes to reach the target, against batch size: log2 by log10, unreached as hollow triangles."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from perbatch.comparison.compare import Findings
from perbatch.comparison.figures.style import (
    HEIGHT,
    INK,
    PAIR,
    PAIR_DASHES,
    PAIR_SHAPES,
    PLAIN,
    REPEAT,
    WIDTH,
    Figure,
    batch_sizes,
    by_series,
    draw,
    key,
    log_axis,
    log_scale,
    padded,
    records,
)
from perbatch.comparison.speakers import best_repeats, plain_rows
from perbatch.comparison.wording import UNITS, number, seeds_reached

APART = {PLAIN: 1 / 1.06, REPEAT: 1.06}  # the two series stand side by side


def target_figure(findings: Findings, quantity: str) -> Figure | None:
    """Draw `quantity` to target against batch size, with intervals; None where there is nothing to draw."""
    points = _points(findings, quantity)
    if points.empty:
        return None
    present = {name: PAIR[name] for name in PAIR if (points["series"] == name).any()}
    sizes = sorted({int(size) for size in points["size"]})
    domain = padded([*points["value"], *points["low"].dropna(), *points["high"].dropna()])
    x = batch_sizes([*points["batch_size"], *sizes], shown=sizes)
    title = f"{UNITS[quantity]} to target"
    y = alt.Y("value:Q", title=title, scale=log_scale(domain), axis=log_axis(domain))
    colour = by_series(alt.Color, present)
    shape = by_series(alt.Shape, {name: PAIR_SHAPES[name] for name in present})
    dash = by_series(alt.StrokeDash, {name: PAIR_DASHES[name] for name in present})
    base = alt.Chart(records(points))
    reached = base.transform_filter("datum.reached")
    line = reached.mark_line(strokeWidth=1.4, opacity=0.8).encode(x=x, y=y, color=colour, strokeDash=dash)
    bars = reached.transform_filter("isValid(datum.low)").mark_rule(strokeWidth=2.4)
    bars = bars.encode(x=x, y=alt.Y("low:Q", scale=log_scale(domain)), y2="high:Q", color=colour)
    dots = reached.mark_point(size=60, filled=True, opacity=1).encode(x=x, y=y, color=colour, shape=shape)
    missed = base.transform_filter("!datum.reached").mark_point(shape="triangle-up", size=110, strokeWidth=2)
    missed = missed.encode(x=x, y=y, color=colour)
    chart = alt.layer(line, bars, dots, missed).properties(width=WIDTH, height=HEIGHT)
    keys = [key(name, PAIR[name], PAIR_DASHES[name], PAIR_SHAPES[name]) for name in present]
    if not points["reached"].all():
        keys.append(key("not reached", INK, None, "triangle-up"))
    return draw(chart, f"target-{quantity}", _label(points, quantity), keys)


def _points(findings: Findings, quantity: str) -> pd.DataFrame:
    """A row a batch size and series: the value, or what was spent in vain where it is infinite."""
    rows = []
    for series, table in ((PLAIN, plain_rows(findings)), (REPEAT, best_repeats(findings))):
        for _, row in table.iterrows():
            value = row[f"{quantity}_to_target"]
            reached = not pd.isna(value)
            spent = np.nan if reached else _spent(findings, row, quantity)
            rows.append(
                {
                    "series": series,
                    "size": int(row["batch_size"]),
                    "batch_size": row["batch_size"] * APART[series],
                    "value": value if reached else spent,
                    "low": row[f"{quantity}_to_target_low"],
                    "high": row[f"{quantity}_to_target_high"],
                    "reached": reached,
                    "seeds": seeds_reached(row),
                }
            )
    points = pd.DataFrame(
        rows, columns=["series", "size", "batch_size", "value", "low", "high", "reached", "seeds"]
    )
    return points[points["value"].notna() & (points["value"] > 0)]


def _spent(findings: Findings, row: pd.Series, quantity: str) -> float:
    runs = findings.reported[findings.reported["contender"] == row["contender"]]
    runs = runs[~np.isfinite(runs["epochs_to_target"])]
    checks = runs["forward_evaluations"].where(runs["forward_evaluations"] > 0, 0.0)
    spent = {
        "epochs": runs["presentations"] / runs["n_train"],
        "updates": runs["updates"],
        "gradient_evaluations": runs["gradient_evaluations"],
        "seconds": (runs["gradient_evaluations"] * runs["gradient_us"] + checks * runs["forward_us"]) / 1e6,
    }
    return float(spent[quantity].median())


def _label(points: pd.DataFrame, quantity: str) -> str:
    text = f"{UNITS[quantity].capitalize()} to target against batch size."
    for series, table in points.groupby("series", sort=False):
        values = ", ".join(
            f"M = {row.size}: "
            f"{number(row.value) if row.reached else 'not reached after ' + number(row.value)}"
            for row in table.itertuples()
        )
        text += f" {str(series).capitalize()}: {values}."
    return text
