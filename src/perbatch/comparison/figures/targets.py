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
    draw,
    log_scale,
    padded,
    records,
    steps,
)
from perbatch.comparison.speakers import best_repeats, plain_rows
from perbatch.comparison.wording import UNITS, number, seeds_reached


def target_figure(findings: Findings, quantity: str) -> Figure | None:
    """Draw `quantity` to target against batch size, with intervals; None where there is nothing to draw."""
    points = _points(findings, quantity)
    if points.empty:
        return None
    present = [name for name in (PLAIN, REPEAT) if (points["series"] == name).any()]
    sizes = sorted({int(size) for size in points["batch_size"]})
    y_domain = padded([*points["value"], *points["low"].dropna(), *points["high"].dropna()])
    x = alt.X(
        "batch_size:Q",
        title="batch size M",
        scale=alt.Scale(type="log", base=2, domain=[sizes[0] / 1.3, sizes[-1] * 1.3], nice=False),
        axis=alt.Axis(values=sizes, format=",d", grid=False),
    )
    y_axis = alt.Axis(values=steps(*y_domain), format="~s" if quantity != "seconds" else "~g")
    y = alt.Y("value:Q", title=f"{UNITS[quantity]} to target", scale=log_scale(y_domain), axis=y_axis)
    legend = alt.Legend(symbolStrokeColor=INK) if len(present) > 1 else None
    colour = alt.Color("series:N", scale=alt.Scale(domain=present, range=[PAIR[p] for p in present]), legend=legend)
    dash = alt.StrokeDash(
        "series:N", scale=alt.Scale(domain=present, range=[PAIR_DASHES[p] for p in present]), legend=legend
    )
    shape = alt.Shape(
        "series:N", scale=alt.Scale(domain=present, range=[PAIR_SHAPES[p] for p in present]), legend=legend
    )
    base = alt.Chart(records(points))
    reached = base.transform_filter("datum.reached")
    line = reached.mark_line(strokeWidth=1.6).encode(x=x, y=y, color=colour, strokeDash=dash)
    bars = reached.transform_filter("isValid(datum.low)").mark_rule(strokeWidth=2.4)
    bars = bars.encode(x=x, y=alt.Y("low:Q", scale=log_scale(y_domain)), y2="high:Q", color=colour)
    dots = reached.mark_point(size=60, filled=True, opacity=1).encode(x=x, y=y, color=colour, shape=shape)
    missed = base.transform_filter("!datum.reached").mark_point(
        shape="triangle-up", size=110, filled=False, strokeWidth=2
    )
    missed = missed.encode(x=x, y=y, color=colour)
    chart = alt.layer(line, bars, dots, missed).properties(width=WIDTH, height=HEIGHT)
    return draw(chart, f"target-{quantity}", _label(points, quantity))


def _points(findings: Findings, quantity: str) -> pd.DataFrame:
    """A row a batch size and series: the value, or what was spent in vain where half or more never reached."""
    rows = []
    for series, table in ((PLAIN, plain_rows(findings)), (REPEAT, best_repeats(findings))):
        for _, row in table.iterrows():
            value = row[f"{quantity}_to_target"]
            reached = not pd.isna(value)
            spent = np.nan if reached else _spent(findings, row, quantity)
            rows.append(
                {
                    "series": series,
                    "batch_size": int(row["batch_size"]),
                    "value": value if reached else spent,
                    "low": row[f"{quantity}_to_target_low"],
                    "high": row[f"{quantity}_to_target_high"],
                    "reached": reached,
                    "text": seeds_reached(row),
                }
            )
    points = pd.DataFrame(rows, columns=["series", "batch_size", "value", "low", "high", "reached", "text"])
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
            f"M = {row.batch_size}: {number(row.value) if row.reached else 'not reached after ' + number(row.value)}"
            for row in table.itertuples()
        )
        text += f" {str(series).capitalize()}: {values}."
    return text
