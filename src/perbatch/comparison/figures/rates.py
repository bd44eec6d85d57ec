"""Final validation loss against learning rate: a panel a batch size, a dot a run, crosses for divergence."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from perbatch.comparison.compare import Findings
from perbatch.comparison.figures.style import (
    INK,
    PAIR,
    PAIR_SHAPES,
    PLAIN,
    REPEAT,
    Figure,
    draw,
    log_scale,
    padded,
    records,
    steps,
)
from perbatch.comparison.speakers import best_repeats, plain_at, plain_rows
from perbatch.comparison.wording import number, rate

WIDTH, HEIGHT = 300, 170
RAIL = 8  # pixels below the top of a panel


def rate_figures(findings: Findings) -> dict[int, Figure]:
    """Draw every run's final loss against its rate, a figure a batch size, all on the same axes."""
    runs = findings.study.usable.assign(series=lambda r: np.where(r["mode"] == "repeat", REPEAT, PLAIN))
    finite = runs[np.isfinite(runs["final_loss"])]
    ceiling = 30 * finite["final_loss"].min() if len(finite) else 1.0
    y_domain = padded(finite["final_loss"].clip(upper=ceiling), share=0.1)
    y_domain[1] = max(y_domain[1] * (y_domain[1] / y_domain[0]) ** 0.15, y_domain[1])  # room for the rail
    x_domain = padded(runs["learning_rate"], share=0.08)
    sizes = sorted({int(size) for size in runs["batch_size"]})
    return {size: _panel(findings, runs[runs["batch_size"] == size], size, x_domain, y_domain) for size in sizes}


def _panel(findings: Findings, runs: pd.DataFrame, size: int, x_domain: list[float], y_domain: list[float]) -> Figure:
    x_axis = alt.Axis(values=sorted(runs["learning_rate"].unique()), format="~g", grid=False)
    x = alt.X("learning_rate:Q", title="learning rate", scale=log_scale(x_domain), axis=x_axis)
    y_axis = alt.Axis(values=steps(*y_domain, (1, 2, 5)), format="~g")
    y = alt.Y("final_loss:Q", title="final validation loss", scale=log_scale(y_domain), axis=y_axis)
    present = [name for name in (PLAIN, REPEAT) if (runs["series"] == name).any()]
    legend = alt.Legend(columns=2) if len(present) > 1 else None
    colour = alt.Color("series:N", scale=alt.Scale(domain=present, range=[PAIR[p] for p in present]), legend=legend)
    shapes = alt.Scale(domain=present, range=[PAIR_SHAPES[p] for p in present])
    offset = alt.XOffset("series:N", scale=alt.Scale(domain=[PLAIN, REPEAT], range=[-4, 4]))
    data = records(runs[["learning_rate", "final_loss", "series", "status"]])
    survived = alt.Chart(data).transform_filter("isValid(datum.final_loss)")
    dots = survived.mark_point(size=28, filled=False, strokeWidth=1.3, opacity=0.85).encode(
        x=x, y=y, color=colour, shape=alt.Shape("series:N", scale=shapes, legend=legend), xOffset=offset
    )
    lost = alt.Chart(data).transform_filter("!isValid(datum.final_loss)")
    crosses = lost.mark_text(text="✕", fontSize=13, fontWeight="bold").encode(
        x=x, y=alt.value(RAIL), color=colour, xOffset=offset
    )
    layers: list[alt.Chart] = [dots, crosses, _chosen(findings, size, x, y_domain)]
    title = f"M = {size:,}"
    chart = alt.layer(*layers).properties(width=WIDTH, height=HEIGHT, title=title)
    return draw(chart, f"rates-{size}", _label(findings, runs, size))


def _chosen(findings: Findings, size: int, x: alt.X, y_domain: list[float]) -> alt.Chart:
    row = plain_at(findings, size)
    rates = [] if row is None else [{"learning_rate": row["learning_rate"]}]
    base = alt.Chart(alt.Data(values=rates))
    return base.mark_rule(color=INK, strokeDash=[3, 3], opacity=0.6).encode(x=x)


def _label(findings: Findings, runs: pd.DataFrame, size: int) -> str:
    diverged = int((runs["status"] == "diverged").sum())
    text = f"Final validation loss against learning rate at batch size {size}: {len(runs)} runs, {diverged} diverged."
    for row in (*plain_rows(findings).iloc, *best_repeats(findings).iloc):
        if row["batch_size"] == size:
            loss = number(row["validation_loss"])
            text += f" Chosen for {row['mode']}: rate {rate(row['learning_rate'])}, final validation loss {loss}."
    return text
