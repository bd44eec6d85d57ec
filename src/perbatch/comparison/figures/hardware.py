"""What the benchmark measured against batch size: time per example and peak memory."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from perbatch.comparison.figures.style import HEIGHT, INK, WIDTH, Figure, draw, log_scale, padded, records, steps
from perbatch.comparison.wording import number

KINDS = {"power of two": ("#D55E00", "diamond"), "other size": ("#0072B2", "circle")}
WHOLE = "the whole batch at once"


def throughput_figure(rows: pd.DataFrame) -> Figure:
    """Draw microseconds per example against batch size, powers of two marked, quartiles as bars."""
    sizes = rows["batch_size"].astype(int)
    table = rows.assign(kind=np.where((sizes & (sizes - 1)) == 0, *KINDS))
    domain = padded([*table["gradient_us_low"], *table["gradient_us_high"]])
    x = _sizes(table)
    y = alt.Y(
        "gradient_us:Q",
        title="microseconds per example",
        scale=log_scale(domain),
        axis=alt.Axis(values=steps(*domain, (1, 2, 5)), format="~g"),
    )
    scale = alt.Scale(domain=list(KINDS), range=[colour for colour, _ in KINDS.values()])
    shapes = alt.Scale(domain=list(KINDS), range=[shape for _, shape in KINDS.values()])
    base = alt.Chart(records(table))
    line = base.mark_line(color="#9aa5b1", strokeWidth=1.2).encode(x=x, y=y)
    bars = base.mark_rule(strokeWidth=1.5).encode(
        x=x, y=alt.Y("gradient_us_low:Q", scale=log_scale(domain)), y2="gradient_us_high:Q", color=alt.value(INK)
    )
    dots = base.mark_point(filled=True, size=46, opacity=1).encode(
        x=x, y=y, color=alt.Color("kind:N", scale=scale), shape=alt.Shape("kind:N", scale=shapes)
    )
    first, last = table.iloc[0], table.iloc[-1]
    best = table.loc[table["gradient_us"].idxmin()]
    label = (
        f"Microseconds per example against batch size: {number(first['gradient_us'])} at M = {first['batch_size']}, "
        f"{number(last['gradient_us'])} at M = {last['batch_size']}, "
        f"lowest {number(best['gradient_us'])} at M = {best['batch_size']}."
    )
    return draw(alt.layer(line, bars, dots).properties(width=WIDTH, height=HEIGHT), "throughput", label)


def memory_figure(rows: pd.DataFrame) -> Figure:
    """Draw peak kilobytes of the training loop against batch size, with and without accumulation."""
    chunk = rows["micro_batch_size"]
    series = chunk.map(lambda size: WHOLE if pd.isna(size) else f"in chunks of {size:,.0f} (accumulated)")
    table = rows.assign(series=series, kilobytes=rows["peak_bytes"] / 1024)
    names = [WHOLE, *sorted(set(series) - {WHOLE})]
    domain = padded(table["kilobytes"])
    x = _sizes(table)
    y_axis = alt.Axis(values=steps(*domain), format="~s")
    y = alt.Y("kilobytes:Q", title="peak memory, KiB", scale=log_scale(domain), axis=y_axis)
    base = alt.Chart(records(table))
    colours = ["#0072B2", "#E69F00", "#009E73", "#B04A87"][: len(names)]
    shapes = ["circle", "square", "diamond", "triangle-down"][: len(names)]
    dashes = [[1, 0], [8, 3], [2, 2], [10, 3, 2, 3]][: len(names)]
    colour = alt.Color("series:N", scale=alt.Scale(domain=names, range=colours))
    line = base.mark_line(strokeWidth=1.6).encode(
        x=x, y=y, color=colour, strokeDash=alt.StrokeDash("series:N", scale=alt.Scale(domain=names, range=dashes))
    )
    dots = base.mark_point(filled=True, size=42, opacity=1).encode(
        x=x, y=y, color=colour, shape=alt.Shape("series:N", scale=alt.Scale(domain=names, range=shapes))
    )
    label = "Peak memory of the training loop against batch size."
    for name, part in table.groupby("series", sort=False):
        ends = part.sort_values("batch_size").iloc[[0, -1]]
        values = " to ".join(f"{number(r.kilobytes)} KiB at M = {r.batch_size}" for r in ends.itertuples())
        label += f" {str(name).capitalize()}: {values}."
    return draw(alt.layer(line, dots).properties(width=WIDTH, height=HEIGHT), "memory", label)


def _sizes(table: pd.DataFrame) -> alt.X:
    low, high = float(table["batch_size"].min()), float(table["batch_size"].max())
    powers = [2**power for power in range(0, 24) if low <= 2**power <= high]
    return alt.X(
        "batch_size:Q",
        title="batch size M",
        scale=alt.Scale(type="log", base=2, domain=[low / 1.2, high * 1.2], nice=False),
        axis=alt.Axis(values=powers, format=",d", grid=False),
    )
