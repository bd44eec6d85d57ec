"""Repeat mode: the share of examples satisfied when left, and the share that still is."""

import altair as alt
import pandas as pd

from perbatch.report.figures.style import (
    HEIGHT,
    WIDTH,
    by_series,
    log_axis,
    log_scale,
    padded,
    records,
)
from perbatch.report.figures.svg import Figure, draw, key
from perbatch.report.wording import share

SERIES = {"satisfied_when_left": "satisfied when left", "still_satisfied": "still satisfied now"}
LOOKS = {"satisfied when left": ("#B04A87", [8, 3]), "still satisfied now": ("#0072B2", [1, 0])}


def retention_figure(curve: pd.DataFrame) -> Figure | None:
    """Draw both shares against presentations (median over seeds); None where the mode has no tolerance."""
    shown = curve[(curve["presentations"] > 0) & curve["still_satisfied"].notna()]
    if shown.empty:
        return None
    long = shown.melt(id_vars="presentations", value_vars=list(SERIES), var_name="series", value_name="share")
    long["series"] = long["series"].map(SERIES)
    domain = padded(shown["presentations"], share=0.0)
    chart = (
        alt.Chart(records(long))
        .mark_line(strokeWidth=2.2)
        .encode(
            x=alt.X(
                "presentations:Q",
                title="presentations (examples shown)",
                scale=log_scale(domain),
                axis=log_axis(domain),
            ),
            y=alt.Y(
                "share:Q",
                title="share of the examples shown so far",
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(format="%", tickCount=5),
            ),
            color=by_series(alt.Color, {name: colour for name, (colour, _) in LOOKS.items()}),
            strokeDash=by_series(alt.StrokeDash, {name: dash for name, (_, dash) in LOOKS.items()}),
        )
        .properties(width=WIDTH, height=HEIGHT)
    )
    last = shown.iloc[-1]
    label = (
        "Shares of the examples shown so far. At the end of training "
        f"{share(last['satisfied_when_left'])} were satisfied when last left and "
        f"{share(last['still_satisfied'])} "
        "still are."
    )
    return draw(chart, "retention", label, [key(n, c, d) for n, (c, d) in LOOKS.items()])
