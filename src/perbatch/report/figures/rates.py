"""Final validation loss against learning rate: a panel a batch size, a mark a run, crosses for divergence."""

import altair as alt
import numpy as np
import pandas as pd

from perbatch.analysis.representatives import best_repeats, plain_rows
from perbatch.analysis.results import Results
from perbatch.report.figures.rail import RAIL, crosses, rail
from perbatch.report.figures.style import (
    INK,
    PAIR,
    PAIR_DASHES,
    PAIR_SHAPES,
    PLAIN,
    REPEAT,
    by_series,
    log_axis,
    log_scale,
    padded,
    records,
)
from perbatch.report.figures.svg import Figure, Key, draw, key
from perbatch.report.wording import number, rate

WIDTH, HEIGHT = 215, 120
APART = {PLAIN: 1 / 1.1, REPEAT: 1.1}  # marks of one rate stand side by side
CEILING = 100  # times the lowest loss; a finite loss above it is drawn at the upper edge


def rate_figures(results: Results) -> list[Figure]:
    """Draw every run's final loss against its rate, a figure a batch size, all on the same axes.

    Of the repeat mode's n and tolerances only those that speak for it at that batch size.
    """
    runs = _shown(results)
    finite = runs.loc[np.isfinite(runs["last_loss"]), "last_loss"]
    ceiling = CEILING * finite.min() if len(finite) else 1.0
    y_domain = padded(finite.clip(upper=ceiling))
    x_domain = padded(runs["at"], share=0.03)
    sizes = sorted({int(size) for size in runs["batch_size"]})
    return [_panel(results, runs[runs["batch_size"] == size], size, x_domain, y_domain) for size in sizes]


def rate_keys(results: Results) -> list[Key]:
    """Return the key that all panels share."""
    repeats = (results.sweep.runs["mode"] == "repeat").any()
    series = [PLAIN, REPEAT] if repeats else [PLAIN]
    marks = [
        key(name, PAIR[name], None, {"circle": "ring", "square": "box"}[PAIR_SHAPES[name]]) for name in series
    ]
    rules = [key(f"chosen: {name}", PAIR[name], PAIR_DASHES[name]) for name in series]
    return [*marks, *rules, key("diverged", INK, None, "x")]


def _shown(results: Results) -> pd.DataFrame:
    series = {row["contender"]: PLAIN for _, row in plain_rows(results).iterrows()}
    series |= {row["contender"]: REPEAT for _, row in best_repeats(results).iterrows()}
    runs = results.sweep.usable
    runs = runs[runs["contender"].isin(series)]
    runs = runs.assign(series=runs["contender"].map(series))
    return runs.assign(at=runs["learning_rate"] * runs["series"].map(APART))


def _panel(
    results: Results, runs: pd.DataFrame, size: int, x_domain: list[float], y_domain: list[float]
) -> Figure:
    rates = sorted(results.sweep.runs["learning_rate"].unique())
    x_axis = alt.Axis(values=rates, format="~g")
    x = alt.X("at:Q", title=None, scale=log_scale(x_domain), axis=x_axis)
    title = "final validation loss"
    y = alt.Y("last_loss:Q", title=title, scale=log_scale(y_domain), axis=log_axis(y_domain))
    dots = alt.Chart(records(runs.loc[np.isfinite(runs["last_loss"]), ["at", "last_loss", "series"]]))
    dots = dots.mark_point(size=26, strokeWidth=1.3, opacity=0.85)
    layers = [
        _chosen(results, size, x),
        dots.encode(x=x, y=y, color=by_series(alt.Color, PAIR), shape=by_series(alt.Shape, PAIR_SHAPES)),
    ]
    lost = runs.loc[~np.isfinite(runs["last_loss"]), ["at", "series"]]
    if (results.sweep.usable["status"] == "diverged").any():  # on every panel, so that they stay in line
        layers += [*rail(WIDTH), crosses(lost, PAIR).encode(x=x, y=alt.value(RAIL))]
    chart = alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)
    return draw(chart, f"rates-{size}", _label(results, runs, size), title=f"M = {size:,}")


def _rows(results: Results, size: int) -> list[tuple[str, pd.Series]]:
    tables = ((PLAIN, plain_rows(results)), (REPEAT, best_repeats(results)))
    return [(name, row) for name, table in tables for _, row in table.iterrows() if row["batch_size"] == size]


def _chosen(results: Results, size: int, x: alt.X) -> alt.Chart:
    places = [
        {"at": row["learning_rate"] * APART[name], "series": name} for name, row in _rows(results, size)
    ]
    rules = alt.Chart(alt.Data(values=places)).mark_rule(strokeWidth=1.3, opacity=0.75)
    return rules.encode(
        x=x, color=by_series(alt.Color, PAIR), strokeDash=by_series(alt.StrokeDash, PAIR_DASHES)
    )


def _label(results: Results, runs: pd.DataFrame, size: int) -> str:
    diverged = int((runs["status"] == "diverged").sum())
    text = (
        f"Final validation loss against learning rate at batch size {size:,}: {len(runs)} runs, "
        f"{diverged} diverged."
    )
    for name, row in _rows(results, size):
        loss = number(row["validation_loss"])
        text += (
            f" {name.capitalize()}: chosen rate {rate(row['learning_rate'])}, final validation loss {loss}."
        )
    return text
