"""What the benchmark measured: time per example against batch size."""

import altair as alt
import numpy as np
import pandas as pd

from perbatch.analysis.results import Results
from perbatch.report.figures.figure import Drawing, Figure, single
from perbatch.report.figures.series import keys_of, marked
from perbatch.report.figures.style import (
    INK,
    RULE,
    Look,
    batch_sizes,
    logarithmic,
    padded,
    powers_of_two,
    records,
)
from perbatch.report.figures.svg import Panel, draw, layered
from perbatch.report.wording import number

POWER, OTHER = "power of two", "other size"
LOOKS = {POWER: Look("#D55E00", None, "diamond"), OTHER: Look("#0072B2", None, "circle")}
SIZES = {OTHER: 36, POWER: 64}  # powers of two last: their neighbours would hide them


def draw_throughput(results: Results) -> Drawing:
    """Draw the time per example of the sweep's own network; nothing below two batch sizes."""
    rows = results.sweep.benchmark
    return single(throughput_panel(rows, "throughput") if len(rows) > 1 else None)


def throughput_panel(rows: pd.DataFrame, name: str) -> Panel:
    """Draw microseconds per example against batch size, powers of two marked, quartiles as bars."""
    sizes = rows["batch_size"].astype(int)
    table = rows.assign(series=np.where((sizes & (sizes - 1)) == 0, POWER, OTHER))
    domain = padded([*table["gradient_us_low"], *table["gradient_us_high"]])
    x = batch_sizes(table["batch_size"], powers_of_two(table["batch_size"]))
    y, low = (
        logarithmic(alt.Y, column, "microseconds per example", domain)
        for column in ("gradient_us", "gradient_us_low")
    )
    columns = ["batch_size", "series", "gradient_us", "gradient_us_low", "gradient_us_high"]
    table = table[columns]
    base = alt.Chart(records(table))
    layers = [
        base.mark_line(color=RULE, strokeWidth=1).encode(x=x, y=y),
        base.mark_rule(strokeWidth=1.5, color=INK).encode(x=x, y=low, y2="gradient_us_high:Q"),
    ]
    for series, size in SIZES.items():
        mine = base.transform_filter(f"datum.series == '{series}'")
        layers.append(marked(mine, LOOKS, size).encode(x=x, y=y))
    return draw(layered(layers), name, throughput_sentence(rows), keys_of(LOOKS), data=table)


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


FIGURE = Figure(
    name="throughput",
    number="5b",
    place="throughput",
    title="Time per example against batch size.",
    caption="""Median training time per example, update included; bars: quartiles of the repeats. Measured
on {{ processor }}, alone; evaluation and logging are not in it.""",
    draw=draw_throughput,
)
