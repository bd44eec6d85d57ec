"""The one builder of charts of series: lines, intervals and marks, and the track of runs that diverged."""

from typing import Any

import altair as alt
import pandas as pd

from perbatch.analysis.representatives import best_repeats, plain_rows
from perbatch.analysis.results import Results
from perbatch.report.figures.style import GRID, QUIET, Look, Looks
from perbatch.report.figures.svg import Key, key

PLAIN, REPEAT = "one update per visit", "repeated until satisfied"
PAIR: Looks = {PLAIN: Look("#0072B2", [1, 0], "circle"), REPEAT: Look("#B04A87", [8, 3], "square")}
CHANNELS: dict[str, tuple[Any, str]] = {
    "color": (alt.Color, "colour"),
    "fill": (alt.Fill, "colour"),
    "strokeDash": (alt.StrokeDash, "dash"),
    "shape": (alt.Shape, "shape"),
}
"""Altair's, each with the part of a look that it shows."""
DIVERGED = alt.value(-32)
"""Where diverged runs are marked, in pixels: above the name of the axis, where no finite loss lies."""
CROSS = "M-1,-1L1,1M-1,1L1,-1"


def series_layers(
    base: alt.Chart, x: alt.X, y: alt.Y, looks: Looks, width: float = 1.6, bar: float = 0, size: float = 0
) -> list[alt.Chart]:
    """Return a line a `series` in pixels of `width`, bars from `low` to `high`, and marks, where not zero.

    Lines are broken where `y` is empty; a row without `low` has no bar.
    """
    line = base.mark_line(strokeWidth=width)
    layers = [line.encode(x=x, y=y, **by_series(looks, "color", "strokeDash"))]
    if bar:
        bars = base.transform_filter("isValid(datum.low)").mark_rule(strokeWidth=bar)
        low = alt.Y("low:Q", title=y["title"], scale=y["scale"], axis=y["axis"])
        layers.append(bars.encode(x=x, y=low, y2="high:Q", **by_series(looks, "color")))
    if size:
        layers.append(marked(base, looks, size).encode(x=x, y=y))
    return layers


def marked(base: alt.Chart, looks: Looks, size: float) -> alt.Chart:
    """Draw a filled mark a row, in the colour and shape of its `series`."""
    marks = base.mark_point(filled=True, size=size, opacity=1)
    return marks.encode(**by_series(looks, "color", "shape"))


def by_series(looks: Looks, *channels: str) -> dict[str, Any]:
    """Return a colour, fill, dash or shape for each name in the field `series` (the page draws the key)."""
    found = {}
    for channel in channels:
        kind, part = CHANNELS[channel]
        scale = alt.Scale(domain=list(looks), range=[getattr(look, part) for look in looks.values()])
        found[channel] = kind("series:N", scale=scale, legend=None)
    return found


def keys_of(looks: Looks) -> list[Key]:
    """Return the key of each series."""
    return [key(name, *look) for name, look in looks.items()]


def pair_rows(results: Results) -> pd.DataFrame:
    """Return the comparison's rows by batch size, with their `series`: PLAIN, then the best that REPEAT."""
    tables = (plain_rows(results).assign(series=PLAIN), best_repeats(results).assign(series=REPEAT))
    return pd.concat(tables, ignore_index=True)


def diverged_track(width: int | dict[str, str]) -> tuple[alt.Chart, alt.Chart]:
    """Draw the empty track for runs that diverged, named to the left; `width` in pixels or an expression."""
    base = alt.Chart(alt.Data(values=[{}]))
    rule = base.mark_rule(color=GRID, strokeWidth=15)
    rule = rule.encode(x=alt.value(0), x2=alt.value(width), y=DIVERGED)
    note = base.mark_text(text="diverged", align="right", fontSize=11, color=QUIET)
    return rule, note.encode(x=alt.value(-5), y=DIVERGED)


def crosses(base: alt.Chart, x: alt.X, looks: Looks, size: int = 36) -> alt.Chart:
    """Draw a cross a row on that track."""
    marks = base.mark_point(shape=CROSS, size=size, strokeWidth=2, opacity=1)
    return marks.encode(x=x, y=DIVERGED, **by_series(looks, "color"))
