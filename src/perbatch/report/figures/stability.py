"""Memory against stability as the batch grows, and accumulation as the way out."""

import altair as alt
import pandas as pd

from perbatch.analysis.contenders import ONCE
from perbatch.analysis.results import Results
from perbatch.analysis.stability import stability
from perbatch.report.figures.figure import Drawing, Figure
from perbatch.report.figures.style import INK, QUIET, logarithmic, padded, records
from perbatch.report.figures.svg import Key, Panel, draw, key, layered
from perbatch.report.wording import number, share

WHOLE, CHUNKS = "#0072B2", "#D55E00"
QUANTITIES = {
    "raising": ("updates that raise the training loss", "%"),
    "spread": ("spread over seeds, decades of final loss", "~g"),
}


def draw_stability(results: Results) -> Drawing:
    """Draw the share of harmful updates and the spread over seeds against memory, plain modes only.

    A quantity that fewer than two batch sizes have is left out.
    """
    table = stability(results)
    plain = table[(table["way"] == ONCE) & table["peak_bytes"].notna()]
    tables = ((name, plain[plain[name].notna()].sort_values("batch_size")) for name in QUANTITIES)
    return Drawing([_panel(table, name) for name, table in tables if len(table) > 1], _keys(table))


def _keys(stability: pd.DataFrame) -> list[Key]:
    keys = [key("the whole batch at once, M written above", WHOLE, [1, 0], "circle")]
    if stability["accumulated_bytes"].notna().any():
        keys.append(key("the same update, accumulated in chunks", CHUNKS, [2, 2], "square"))
    return keys


def _panel(table: pd.DataFrame, name: str) -> Panel:
    title, style = QUANTITIES[name]
    rows = table.assign(
        kibibytes=table["peak_bytes"] / 1024,
        accumulated=table["accumulated_bytes"].where(table["accumulated_bytes"] < table["peak_bytes"]) / 1024,
        text=[f"{size:,}" for size in table["batch_size"]],
        top=table[f"{name}_high"].fillna(table[name]),
    ).rename(columns={name: "value", f"{name}_low": "low", f"{name}_high": "high"})
    domain = padded([*rows["kibibytes"], *rows["accumulated"].dropna()], share=0.1)
    x, chunks = (
        logarithmic(alt.X, column, "peak memory, KiB", domain) for column in ("kibibytes", "accumulated")
    )
    top = max([*rows["value"], *rows["high"].dropna()])
    scale = alt.Scale(domain=[0, top * 1.12 or 1.0], nice=False)
    axis = alt.Axis(format=style, tickCount=5)
    y, low, head = (
        alt.Y(f"{column}:Q", title=title, scale=scale, axis=axis) for column in ("value", "low", "top")
    )
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
        words.encode(x=x, y=head, text="text:N"),
    ]
    shown = rows[columns].drop(columns=["text", "top"])
    return draw(layered(layers), f"stability-{name}", _label(rows, title, style), data=shown)


def _label(rows: pd.DataFrame, title: str, style: str) -> str:
    def write(value: float) -> str:
        return share(value) if style == "%" else number(value)

    parts = []
    for row in rows.itertuples():
        less = f", or {number(row.accumulated)} accumulated" if pd.notna(row.accumulated) else ""
        parts.append(f"M = {row.text}: {write(row.value)} at {number(row.kibibytes)} KiB{less}")
    return f"{title.capitalize()}, against peak memory. {'; '.join(parts)}."


FIGURE = Figure(
    name="stability",
    number="7a",
    place="memory",
    title="What memory buys, as the batch grows, and what accumulation saves.",
    caption="""Circles: batch sizes <var>M</var> at their chosen rates. Squares: the same update computed in
chunks, so with the same stability, at the memory of a chunk. Updates that raise the loss are sampled at the
evaluations: each time the very next update is tried beside the run. The spread is the standard deviation
over seeds of the final validation loss's logarithm to base 10. Bars: 95 % intervals (t for the share,
chi-squared for the spread).""",
    draw=draw_stability,
)
