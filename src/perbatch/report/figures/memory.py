"""Peak memory of the training loop against batch size, at once and accumulated in chunks."""

import altair as alt
import pandas as pd

from perbatch.report.figures.style import (
    HEIGHT,
    WIDTH,
    batch_sizes,
    by_series,
    log_axis,
    log_scale,
    padded,
    records,
)
from perbatch.report.figures.svg import Figure, draw, key
from perbatch.report.wording import number

WHOLE = "the whole batch at once"
LOOKS = [
    ("#0072B2", [1, 0], "circle"),
    ("#D55E00", [8, 3], "square"),
    ("#009E73", [2, 2], "diamond"),
    ("#B04A87", [10, 3, 2, 3], "triangle-down"),
]


def memory_figure(rows: pd.DataFrame) -> Figure:
    """Draw peak KiB of the training loop against batch size, with and without accumulation."""
    table = _by_chunk(rows)
    names = list(dict.fromkeys(table["series"]))
    looks = dict(zip(names, LOOKS, strict=False))
    domain = padded(table["kibibytes"])
    low, high = table["batch_size"].min(), table["batch_size"].max()
    powers = [2**power for power in range(24) if low <= 2**power <= high]
    x = batch_sizes(table["batch_size"], powers)
    y = alt.Y("kibibytes:Q", title="peak memory, KiB", scale=log_scale(domain), axis=log_axis(domain))
    base = alt.Chart(records(table[["batch_size", "series", "kibibytes"]]))
    colour = by_series(alt.Color, {name: look[0] for name, look in looks.items()})
    dash = by_series(alt.StrokeDash, {name: look[1] for name, look in looks.items()})
    shape = by_series(alt.Shape, {name: look[2] for name, look in looks.items()})
    line = base.mark_line(strokeWidth=1.4).encode(x=x, y=y, color=colour, strokeDash=dash)
    dots = base.mark_point(filled=True, size=42, opacity=1).encode(x=x, y=y, color=colour, shape=shape)
    chart = alt.layer(line, dots).properties(width=WIDTH, height=HEIGHT)
    keys = [key(name, *look) for name, look in looks.items()]
    return draw(chart, "memory", memory_sentence(rows), keys)


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
