"""Peak memory of the training loop against batch size, at once and accumulated in chunks."""

import altair as alt
import pandas as pd

from perbatch.analysis.results import Results
from perbatch.report.figures.figure import Drawing, Figure, single
from perbatch.report.figures.series import keys_of, series_layers
from perbatch.report.figures.style import LOOKS, batch_sizes, logarithmic, padded, powers_of_two, records
from perbatch.report.figures.svg import draw, layered
from perbatch.report.wording import number

WHOLE = "the whole batch at once"


def draw_memory(results: Results) -> Drawing:
    """Draw peak KiB of the training loop against batch size, with and without accumulation."""
    rows = results.sweep.memory
    if len(results.sweep.benchmark) < 2:
        return Drawing()
    table = _by_chunk(rows)
    looks = dict(zip(dict.fromkeys(table["series"]), LOOKS, strict=False))
    x = batch_sizes(table["batch_size"], powers_of_two(table["batch_size"]))
    y = logarithmic(alt.Y, "kibibytes", "peak memory, KiB", padded(table["kibibytes"]))
    shown = table[["batch_size", "series", "kibibytes"]]
    base = alt.Chart(records(shown))
    layers = series_layers(base, x, y, looks, width=1.4, size=42)
    return single(draw(layered(layers), "memory", memory_sentence(rows), keys_of(looks), data=shown))


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


FIGURE = Figure(
    name="memory",
    number="7b",
    place="memory",
    title="Peak memory against batch size.",
    caption="Of the training loop, beyond data and weights. Accumulation computes the same update in chunks.",
    draw=draw_memory,
)
