"""Final validation loss against learning rate: a panel a batch size, a mark a run, crosses for divergence."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from perbatch.comparison.compare import Findings
from perbatch.comparison.figures.style import (
    INK,
    PAIR,
    PAIR_DASHES,
    PAIR_SHAPES,
    PLAIN,
    QUIET,
    REPEAT,
    Figure,
    Key,
    by_series,
    draw,
    key,
    log_axis,
    log_scale,
    padded,
    records,
)
from perbatch.comparison.speakers import best_repeats, plain_rows
from perbatch.comparison.wording import number, rate

WIDTH, HEIGHT = 270, 170
RAIL = -13  # pixels: above the plot, so that no finite loss can lie there
CROSS = "M-1,-1L1,1M-1,1L1,-1"
APART = {PLAIN: 1 / 1.1, REPEAT: 1.1}  # marks of one rate stand side by side
CEILING = 100  # times the lowest loss; a finite loss above it is drawn at the upper edge


def rate_figures(findings: Findings) -> list[Figure]:
    """Draw every run's final loss against its rate, a figure a batch size, all on the same axes."""
    runs = findings.study.usable
    runs = runs.assign(series=np.where(runs["mode"] == "repeat", REPEAT, PLAIN))
    runs = runs.assign(at=runs["learning_rate"] * runs["series"].map(APART))
    finite = runs.loc[np.isfinite(runs["final_loss"]), "final_loss"]
    ceiling = CEILING * finite.min() if len(finite) else 1.0
    y_domain = padded(finite.clip(upper=ceiling))
    x_domain = padded(runs["at"], share=0.03)
    sizes = sorted({int(size) for size in runs["batch_size"]})
    return [_panel(findings, runs[runs["batch_size"] == size], size, x_domain, y_domain) for size in sizes]


def _panel(
    findings: Findings, runs: pd.DataFrame, size: int, x_domain: list[float], y_domain: list[float]
) -> Figure:
    rates = sorted(findings.study.runs["learning_rate"].unique())
    x_axis = alt.Axis(values=rates, format="~g", grid=False)
    x = alt.X("at:Q", title="learning rate", scale=log_scale(x_domain), axis=x_axis)
    y = alt.Y(
        "final_loss:Q", title="final validation loss", scale=log_scale(y_domain), axis=log_axis(y_domain)
    )
    colour = by_series(alt.Color, PAIR)
    shape = by_series(alt.Shape, PAIR_SHAPES)
    base = alt.Chart(records(runs[["at", "final_loss", "series"]]))
    dots = base.transform_filter("isValid(datum.final_loss)").mark_point(
        size=30, strokeWidth=1.4, opacity=0.9
    )
    crosses = base.transform_filter("!isValid(datum.final_loss)").mark_point(
        shape=CROSS, size=36, strokeWidth=2
    )
    rail = alt.Chart(alt.Data(values=[{}])).mark_rule(color="#e4e7eb", strokeWidth=14)
    rail = rail.encode(x=alt.value(0), x2=alt.value(WIDTH), y=alt.value(RAIL))
    note = alt.Chart(alt.Data(values=[{}])).mark_text(
        text="diverged", align="right", fontSize=11, color=QUIET
    )
    note = note.encode(x=alt.value(-6), y=alt.value(RAIL))
    layers = [
        rail,
        note,
        _chosen(findings, size, x),
        dots.encode(x=x, y=y, color=colour, shape=shape),
        crosses.encode(x=x, y=alt.value(RAIL), color=colour),
    ]
    title = alt.TitleParams(f"M = {size:,}", color=INK, offset=18)
    chart = alt.layer(*layers).properties(width=WIDTH, height=HEIGHT, title=title)
    return draw(chart, f"rates-{size}", _label(findings, runs, size))


def rate_keys(findings: Findings) -> list[Key]:
    """Return the key that all panels share."""
    repeats = (findings.study.runs["mode"] == "repeat").any()
    series = [PLAIN, REPEAT] if repeats else [PLAIN]
    marks = [key(name, PAIR[name], None, PAIR_SHAPES[name]) for name in series]
    return [
        *marks,
        key("diverged", INK, None, "cross"),
        *(key(f"chosen: {name}", PAIR[name], PAIR_DASHES[name]) for name in series),
    ]


def _rows(findings: Findings, size: int) -> list[tuple[str, pd.Series]]:
    tables = ((PLAIN, plain_rows(findings)), (REPEAT, best_repeats(findings)))
    return [(name, row) for name, table in tables for _, row in table.iterrows() if row["batch_size"] == size]


def _chosen(findings: Findings, size: int, x: alt.X) -> alt.Chart:
    places = [
        {"at": row["learning_rate"] * APART[name], "series": name} for name, row in _rows(findings, size)
    ]
    rules = alt.Chart(alt.Data(values=places)).mark_rule(strokeWidth=1.3, opacity=0.75)
    colour, dash = (
        by_series(alt.Color, PAIR),
        by_series(alt.StrokeDash, PAIR_DASHES),
    )
    return rules.encode(x=x, color=colour, strokeDash=dash)


def _label(findings: Findings, runs: pd.DataFrame, size: int) -> str:
    diverged = int((runs["status"] == "diverged").sum())
    text = f"Final validation loss against learning rate at batch size {size}: {len(runs)} "
    f"runs, {diverged} diverged."
    for name, row in _rows(findings, size):
        loss = number(row["validation_loss"])
        text += (
            f" {name.capitalize()}: chosen rate {rate(row['learning_rate'])}, final validation loss {loss}."
        )
    return text
