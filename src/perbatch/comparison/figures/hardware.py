"""What the benchmark measured against batch size: time per example and peak memory."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from perbatch.comparison.figures.style import (
    HEIGHT,
    INK,
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
from perbatch.comparison.wording import number

POWER, OTHER, WHOLE = "power of two", "other size", "the whole batch at once"
COLOURS = ["#0072B2", "#E69F00", "#009E73", "#B04A87"]
SHAPES = ["circle", "square", "diamond", "triangle-down"]
DASHES = [[1, 0], [8, 3], [2, 2], [10, 3, 2, 3]]


def throughput_figure(rows: pd.DataFrame) -> Figure:
    """Draw microseconds per example against batch size, powers of two marked, quartiles as bars."""
    sizes = rows["batch_size"].astype(int)
    table = rows.assign(series=np.where((sizes & (sizes - 1)) == 0, POWER, OTHER))
    domain = padded([*table["gradient_us_low"], *table["gradient_us_high"]])
    x = _sizes(table)
    y = alt.Y(
        "gradient_us:Q", title="microseconds per example", scale=log_scale(domain), axis=log_axis(domain)
    )
    columns = ["batch_size", "series", "gradient_us", "gradient_us_low", "gradient_us_high"]
    base = alt.Chart(records(table[columns]))
    line = base.mark_line(color="#9aa5b1", strokeWidth=1.2).encode(x=x, y=y)
    low = alt.Y("gradient_us_low:Q", scale=log_scale(domain))
    bars = base.mark_rule(strokeWidth=1.5, color=INK).encode(x=x, y=low, y2="gradient_us_high:Q")
    dots = base.mark_point(filled=True, size=46, opacity=1).encode(
        x=x,
        y=y,
        color=by_series(alt.Color, {POWER: "#D55E00", OTHER: "#0072B2"}),
        shape=by_series(alt.Shape, {POWER: "diamond", OTHER: "circle"}),
    )
    chart = alt.layer(line, bars, dots).properties(width=WIDTH, height=HEIGHT)
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


def memory_figure(rows: pd.DataFrame) -> Figure:
    """Draw peak KiB of the training loop against batch size, with and without accumulation."""
    table = _by_chunk(rows)
    names = list(dict.fromkeys(table["series"]))
    domain = padded(table["kibibytes"])
    x = _sizes(table)
    y = alt.Y("kibibytes:Q", title="peak memory, KiB", scale=log_scale(domain), axis=log_axis(domain))
    base = alt.Chart(records(table[["batch_size", "series", "kibibytes"]]))
    colour = by_series(alt.Color, dict(zip(names, COLOURS, strict=False)))
    dash = by_series(alt.StrokeDash, dict(zip(names, DASHES, strict=False)))
    shape = by_series(alt.Shape, dict(zip(names, SHAPES, strict=False)))
    line = base.mark_line(strokeWidth=1.4, opacity=0.8).encode(x=x, y=y, color=colour, strokeDash=dash)
    dots = base.mark_point(filled=True, size=42, opacity=1).encode(x=x, y=y, color=colour, shape=shape)
    looks = zip(names, COLOURS, DASHES, SHAPES, strict=False)
    chart = alt.layer(line, dots).properties(width=WIDTH, height=HEIGHT)
    return draw(chart, "memory", memory_sentence(rows), [key(*look) for look in looks])


def memory_sentence(rows: pd.DataFrame) -> str:
    """Say how peak memory changes with batch size, with and without accumulation."""
    parts = []
    for name, part in _by_chunk(rows).groupby("series", sort=False):
        ends = part.iloc[[0, -1]][["kibibytes", "batch_size"]].to_numpy(float)
        values = [f"{number(memory)} KiB at M = {size:,.0f}" for memory, size in ends]
        parts.append(f"{' and '.join(dict.fromkeys(values))} with {name}")
    return f"Peak memory of the training loop is {'; '.join(parts)}."


def _by_chunk(rows: pd.DataFrame) -> pd.DataFrame:
    chunk = rows["micro_batch_size"]
    series = chunk.map(lambda size: WHOLE if pd.isna(size) else f"chunks of {size:,.0f}, accumulated")
    table = rows.assign(series=series, kibibytes=rows["peak_bytes"] / 1024, chunk=chunk.fillna(0))
    return table.sort_values(["chunk", "batch_size"])


def _sizes(table: pd.DataFrame) -> alt.X:
    low, high = table["batch_size"].min(), table["batch_size"].max()
    return batch_sizes(table["batch_size"], [2**power for power in range(24) if low <= 2**power <= high])
