"""What the benchmark measured: time per example against batch size."""

import altair as alt
import numpy as np
import pandas as pd

from perbatch.report.figures.style import (
    HEIGHT,
    INK,
    RULE,
    WIDTH,
    batch_sizes,
    log_axis,
    log_scale,
    padded,
    records,
)
from perbatch.report.figures.svg import Figure, draw, key
from perbatch.report.wording import number

POWER, OTHER = "power of two", "other size"


def throughput_figure(rows: pd.DataFrame) -> Figure:
    """Draw microseconds per example against batch size, powers of two marked, quartiles as bars."""
    sizes = rows["batch_size"].astype(int)
    table = rows.assign(series=np.where((sizes & (sizes - 1)) == 0, POWER, OTHER))
    domain = padded([*table["gradient_us_low"], *table["gradient_us_high"]])
    low_end, high_end = table["batch_size"].min(), table["batch_size"].max()
    powers = [2**power for power in range(24) if low_end <= 2**power <= high_end]
    x = batch_sizes(table["batch_size"], powers)
    y = alt.Y(
        "gradient_us:Q", title="microseconds per example", scale=log_scale(domain), axis=log_axis(domain)
    )
    columns = ["batch_size", "series", "gradient_us", "gradient_us_low", "gradient_us_high"]
    base = alt.Chart(records(table[columns]))
    line = base.mark_line(color=RULE, strokeWidth=1).encode(x=x, y=y)
    low = alt.Y("gradient_us_low:Q", scale=log_scale(domain))
    bars = base.mark_rule(strokeWidth=1.5, color=INK).encode(x=x, y=low, y2="gradient_us_high:Q")
    dots = [  # powers of two last: their neighbours would hide them
        base.transform_filter(f"datum.series == '{series}'")
        .mark_point(filled=True, size=size, opacity=1, color=colour, shape=shape)
        .encode(x=x, y=y)
        for series, size, colour, shape in (
            (OTHER, 36, "#0072B2", "circle"),
            (POWER, 64, "#D55E00", "diamond"),
        )
    ]
    chart = alt.layer(line, bars, *dots).properties(width=WIDTH, height=HEIGHT)
    keys = [key(POWER, "#D55E00", None, "diamond"), key(OTHER, "#0072B2", None, "circle")]
    return draw(chart, "throughput", throughput_sentence(rows), keys)


def throughput_sentence(rows: pd.DataFrame) -> str:
    """Say how time per example changes with batch size."""
    first, last = rows.iloc[0], rows.iloc[-1]
    best = rows.iloc[int(rows["gradient_us"].to_numpy(float).argmin())]
    text = (
        f"Training time per example is {number(first['gradient_us'])} microseconds at M = "
        f"{first['batch_size']:,} and {number(last['gradient_us'])} at M = {last['batch_size']:,}"
    )
    if best["batch_size"] in (first["batch_size"], last["batch_size"]):
        return f"{text}."
    return f"{text}; it is lowest at M = {best['batch_size']:,} ({number(best['gradient_us'])})."
