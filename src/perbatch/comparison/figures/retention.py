"""Repeat mode: the share of examples satisfied when left, and the share that still is."""

from __future__ import annotations

import altair as alt
import pandas as pd

from perbatch.comparison.figures.style import HEIGHT, WIDTH, Figure, draw, log_scale, padded, records, steps
from perbatch.comparison.wording import share

SERIES = {"satisfied_when_left": "satisfied when left", "still_satisfied": "still satisfied now"}


def retention_figure(curve: pd.DataFrame) -> Figure | None:
    """Draw both shares against presentations (median over seeds); None where the mode has no tolerance."""
    shown = curve[(curve["presentations"] > 0) & curve["still_satisfied"].notna()]
    if shown.empty:
        return None
    long = shown.melt(id_vars="presentations", value_vars=list(SERIES), var_name="series", value_name="share")
    long["series"] = long["series"].map(SERIES)
    domain = padded(shown["presentations"], share=0.0)
    names = list(SERIES.values())
    chart = (
        alt.Chart(records(long))
        .mark_line(strokeWidth=2.2)
        .encode(
            x=alt.X(
                "presentations:Q",
                title="presentations (examples shown)",
                scale=log_scale(domain),
                axis=alt.Axis(values=steps(*domain, (1,)), format="~s"),
            ),
            y=alt.Y(
                "share:Q",
                title="share of the examples shown so far",
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(format="%", tickCount=5),
            ),
            color=alt.Color("series:N", scale=alt.Scale(domain=names, range=["#B04A87", "#0072B2"])),
            strokeDash=alt.StrokeDash("series:N", scale=alt.Scale(domain=names, range=[[8, 3], [1, 0]])),
        )
        .properties(width=WIDTH, height=HEIGHT)
    )
    last = shown.iloc[-1]
    label = (
        "Shares of the examples shown so far. At the end of training "
        f"{share(last['satisfied_when_left'])} were satisfied when last left and {share(last['still_satisfied'])} "
        "still are."
    )
    return draw(chart, "retention", label)
