"""Memory against stability as the batch grows, and accumulation as the way out."""

import altair as alt
import pandas as pd

from perbatch.analysis.contenders import ONCE
from perbatch.report.figures.style import (
    HEIGHT,
    INK,
    QUIET,
    WIDTH,
    log_axis,
    log_scale,
    padded,
    records,
)
from perbatch.report.figures.svg import Figure, Key, draw, key
from perbatch.report.wording import number, share

WHOLE, CHUNKS = "#0072B2", "#D55E00"
QUANTITIES = {
    "raising": ("updates that raise the training loss", "%"),
    "spread": ("spread over seeds, decades of final loss", "~g"),
}


def stability_figures(stability: pd.DataFrame) -> list[Figure]:
    """Draw the share of harmful updates and the spread over seeds against memory, plain modes only.

    A quantity that fewer than two batch sizes have is left out.
    """
    plain = stability[(stability["way"] == ONCE) & stability["peak_bytes"].notna()]
    tables = ((name, plain[plain[name].notna()].sort_values("batch_size")) for name in QUANTITIES)
    return [_figure(table, name) for name, table in tables if len(table) > 1]


def stability_keys(stability: pd.DataFrame) -> list[Key]:
    """Return the key that the panels share."""
    keys = [key("the whole batch at once, M written above", WHOLE, [1, 0], "circle")]
    if stability["accumulated_bytes"].notna().any():
        keys.append(key("the same update, accumulated in chunks", CHUNKS, [2, 2], "square"))
    return keys


def _figure(table: pd.DataFrame, name: str) -> Figure:
    title, style = QUANTITIES[name]
    rows = table.assign(
        kibibytes=table["peak_bytes"] / 1024,
        accumulated=table["accumulated_bytes"].where(table["accumulated_bytes"] < table["peak_bytes"]) / 1024,
        text=[f"{size:,}" for size in table["batch_size"]],
        top=table[f"{name}_high"].fillna(table[name]),
        value=table[name],
        low=table[f"{name}_low"],
        high=table[f"{name}_high"],
    )
    domain = padded([*rows["kibibytes"], *rows["accumulated"].dropna()], share=0.1)
    x = alt.X("kibibytes:Q", title="peak memory, KiB", scale=log_scale(domain), axis=log_axis(domain))
    chunks = alt.X("accumulated:Q", title="peak memory, KiB", scale=log_scale(domain), axis=log_axis(domain))
    top = max([*rows["value"], *rows["high"].dropna()])
    scale = alt.Scale(domain=[0, top * 1.12 or 1.0], nice=False)
    axis = alt.Axis(format=style, tickCount=5)
    y, low = (alt.Y(f"{each}:Q", title=title, scale=scale, axis=axis) for each in ("value", "low"))
    columns = ["batch_size", "kibibytes", "accumulated", "text", "top", "value", "low", "high"]
    base = alt.Chart(records(rows[columns]))
    saved = base.transform_filter("isValid(datum.accumulated)")
    bars = base.transform_filter("isValid(datum.low)").mark_rule(strokeWidth=2.2, color=WHOLE)
    words = base.mark_text(baseline="bottom", dy=-5, fontSize=11, color=INK)
    layers = [
        saved.mark_rule(color=QUIET, strokeDash=[2, 3]).encode(x=chunks, x2="kibibytes:Q", y=y),
        base.mark_line(color=WHOLE, strokeWidth=1.6).encode(x=x, y=y, order="batch_size:Q"),
        bars.encode(x=x, y=low, y2="high:Q"),
        base.mark_point(filled=True, size=56, opacity=1, color=WHOLE).encode(x=x, y=y),
        saved.mark_point(filled=True, shape="square", size=50, opacity=1, color=CHUNKS).encode(x=chunks, y=y),
        words.encode(x=x, y=alt.Y("top:Q", title=title, scale=scale, axis=axis), text="text:N"),
    ]
    chart = alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)
    return draw(chart, f"stability-{name}", _label(rows, title, style))


def _label(rows: pd.DataFrame, title: str, style: str) -> str:
    def write(value: float) -> str:
        return share(value) if style == "%" else number(value)

    parts = []
    for row in rows.itertuples():
        less = f", or {number(row.accumulated)} accumulated" if pd.notna(row.accumulated) else ""
        parts.append(f"M = {row.text}: {write(row.value)} at {number(row.kibibytes)} KiB{less}")
    return f"{title.capitalize()}, against peak memory. {'; '.join(parts)}."
