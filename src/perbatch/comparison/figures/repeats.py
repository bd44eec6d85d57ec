"""Repeat until satisfied, against the number of updates per visit: loss at equal cost, and what is kept."""

from __future__ import annotations

import altair as alt
import pandas as pd

from perbatch.comparison.compare import Findings
from perbatch.comparison.figures.equal_counts import COUNTS, FIXED, PLAIN, SKIP, Equal, kept_shares
from perbatch.comparison.figures.style import (
    HEIGHT,
    INK,
    WIDTH,
    by_series,
    log_axis,
    log_scale,
    padded,
    records,
)
from perbatch.comparison.figures.svg import Figure, Key, draw, key
from perbatch.comparison.wording import UNITS, number, share

Look = tuple[str, list[int], str]
LOOKS: dict[str, Look] = {
    PLAIN: ("#0072B2", [1, 0], "circle"),
    SKIP: ("#009E73", [2, 2], "diamond"),
    FIXED: ("#D55E00", [6, 3], "triangle-down"),
}
UNTIL: list[Look] = [  # one a tolerance
    ("#B04A87", [1, 0], "square"),
    ("#B04A87", [8, 3], "triangle-up"),
    ("#B04A87", [2, 3], "cross"),
]
LEFT, STILL = "satisfied when left", "still satisfied at the end of the epoch"


def repeat_figures(equal: Equal) -> list[Figure]:
    """Draw validation loss against n at equal updates and at equal gradient evaluations."""
    looks = looks_of(equal.table["series"])
    domain = padded([*equal.table["value"], *equal.table["low"].dropna(), *equal.table["high"].dropna()])
    return [_loss_panel(equal, count, looks, domain) for count in COUNTS]


def repeat_keys(equal: Equal) -> list[Key]:
    """Return the key that the panels share."""
    return [key(name, *look) for name, look in looks_of(equal.table["series"]).items()]


def kept_figure(findings: Findings, batch_size: int) -> Figure | None:
    """Draw the shares of examples satisfied when left and still so, against n; None without a tolerance."""
    table = kept_shares(findings, batch_size)
    if table["n"].nunique() < 2:
        return None
    looks = looks_of(table["series"])
    title, scale = "share of examples, end of first epoch", alt.Scale(domain=[0, 1])
    axis = alt.Axis(format="%", tickCount=5)
    y, low = (alt.Y(f"{name}:Q", title=title, scale=scale, axis=axis) for name in ("value", "low"))
    x = _n_axis(table)
    colour = by_series(alt.Color, {name: look[0] for name, look in looks.items()})
    shape = by_series(alt.Shape, {name: look[2] for name, look in looks.items()})
    base = alt.Chart(records(table))
    left = base.transform_filter("datum.what == 'satisfied_when_left'")
    still = base.transform_filter("datum.what == 'still_satisfied'")
    layers = [
        *(_bars_and_line(part, (x, y, low), colour, looks) for part in (left, still)),
        left.mark_point(filled=False, size=60, strokeWidth=1.6, opacity=1).encode(x=x, y=y, color=colour, shape=shape),
        still.mark_point(filled=True, size=60, opacity=1).encode(x=x, y=y, color=colour, shape=shape),
    ]
    keys = [key(LEFT, INK, None, "ring"), key(STILL, INK, None, "circle")]
    values = "; ".join(
        f"{row.series}, n = {row.n}: {share(row.value)} {LEFT if row.what == 'satisfied_when_left' else STILL}"
        for row in table.itertuples()
    )
    chart = alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)
    label = f"Shares of the examples shown in the first epoch, against updates per visit. {values}."
    return draw(chart, "kept", label, keys)


def looks_of(series: pd.Series) -> dict[str, Look]:
    """Return colour, dash and shape of each series: the controls first, then the tolerances in order."""
    present = list(dict.fromkeys(series))
    until = sorted((name for name in present if name not in LOOKS), key=lambda name: float(name.split()[-1]))
    looks = {name: LOOKS[name] for name in LOOKS if name in present}
    return looks | {name: UNTIL[place % len(UNTIL)] for place, name in enumerate(until)}


def _loss_panel(equal: Equal, count: str, looks: dict[str, Look], domain: list[float]) -> Figure:
    table = equal.table[equal.table["count"] == count]
    title = f"validation loss after {equal.budget[count]:,} {UNITS[count]}"
    scale, axis = log_scale(domain), log_axis(domain)
    y, low = (alt.Y(f"{name}:Q", title=title, scale=scale, axis=axis) for name in ("value", "low"))
    x = _n_axis(equal.table)
    colour = by_series(alt.Color, {name: look[0] for name, look in looks.items()})
    shape = by_series(alt.Shape, {name: look[2] for name, look in looks.items()})
    base = alt.Chart(records(table))
    plain = base.transform_filter({"field": "series", "equal": PLAIN})
    layers = [
        plain.mark_rule(strokeWidth=1, strokeDash=[2, 3], color=LOOKS[PLAIN][0]).encode(y=y),
        _bars_and_line(base, (x, y, low), colour, looks),
        base.mark_point(filled=True, size=64, opacity=1).encode(x=x, y=y, color=colour, shape=shape),
    ]
    values = "; ".join(f"{row.series}, n = {row.n}: {number(row.value)}" for row in table.itertuples())
    label = f"{title.capitalize()}, against updates per visit. {values}."
    chart = alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)
    return draw(chart, f"repeat-{count.replace('_', '-')}", label)


def _bars_and_line(
    base: alt.Chart, places: tuple[alt.X, alt.Y, alt.Y], colour: alt.Color, looks: dict[str, Look]
) -> alt.LayerChart:
    x, y, low = places
    dash = by_series(alt.StrokeDash, {name: look[1] for name, look in looks.items()})
    line = base.mark_line(strokeWidth=1.6).encode(x=x, y=y, color=colour, strokeDash=dash)
    bars = base.transform_filter("isValid(datum.low)").mark_rule(strokeWidth=2.2)
    return alt.layer(line, bars.encode(x=x, y=low, y2="high:Q", color=colour))


def _n_axis(table: pd.DataFrame) -> alt.X:
    values = sorted({int(n) for n in table["n"]})
    scale = alt.Scale(type="log", base=2, domain=[values[0] / 1.15, values[-1] * 1.15], nice=False)
    title = "n, the most updates per visit"
    return alt.X("n:Q", title=title, scale=scale, axis=alt.Axis(values=values, format=",d"))
