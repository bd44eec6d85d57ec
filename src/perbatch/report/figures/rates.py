"""Final validation loss against learning rate: a panel a batch size, a mark a run, crosses for divergence."""

import altair as alt
import numpy as np
import pandas as pd

from perbatch.analysis.results import Results
from perbatch.report.figures.figure import Drawing, Figure
from perbatch.report.figures.series import PAIR, PLAIN, REPEAT, by_series, crosses, diverged_track, pair_rows
from perbatch.report.figures.style import INK, SMALL, log_scale, logarithmic, padded, rates_axis, records
from perbatch.report.figures.svg import Key, Panel, draw, key, layered
from perbatch.report.wording import number, rate

APART = {PLAIN: 1 / 1.1, REPEAT: 1.1}  # marks of one rate stand side by side
HOLLOW = {PLAIN: "ring", REPEAT: "box"}
SEARCHED = "The tuning seeds at the rate of each trial, the reported ones at those chosen"
CEILING = 100  # times the lowest loss; a finite loss above it is drawn at the upper edge


def draw_rates(results: Results) -> Drawing:
    """Draw every run's final loss against its rate, a panel a batch size, all on the same axes.

    Of the repeat mode's n and tolerances only those that speak for it at that batch size.
    """
    runs = _shown(results)
    finite = runs.loc[np.isfinite(runs["last_loss"]), "last_loss"]
    ceiling = CEILING * finite.min() if len(finite) else 1.0
    y_domain = padded(finite.clip(upper=ceiling))
    x_domain = padded(runs["at"], share=0.03)
    sizes = sorted({int(size) for size in runs["batch_size"]})
    panels = [_panel(results, runs[runs["batch_size"] == size], size, x_domain, y_domain) for size in sizes]
    which = SEARCHED if results.sweep.searched else "All seeds"
    return Drawing(panels, _keys(results), values={"ceiling": f"{CEILING:,}", "which": which})


def _keys(results: Results) -> list[Key]:
    repeats = (results.sweep.runs["mode"] == "repeat").any()
    series = [PLAIN, REPEAT] if repeats else [PLAIN]
    marks = [key(name, PAIR[name].colour, None, HOLLOW[name]) for name in series]
    rules = [key(f"chosen: {name}", PAIR[name].colour, PAIR[name].dash) for name in series]
    return [*marks, *rules, key("diverged", INK, None, "x")]


def _shown(results: Results) -> pd.DataFrame:
    series = pair_rows(results).set_index("contender")["series"]
    runs = results.sweep.usable.join(series, on="contender", how="inner")
    return runs.assign(at=runs["learning_rate"] * runs["series"].map(APART))


def _panel(
    results: Results, runs: pd.DataFrame, size: int, x_domain: list[float], y_domain: list[float]
) -> Panel:
    rates = sorted(results.sweep.runs["learning_rate"].unique())
    axis = rates_axis(rates, x_domain)
    x = alt.X("at:Q", title=None, scale=log_scale(x_domain), axis=axis)
    y = logarithmic(alt.Y, "last_loss", "final validation loss", y_domain)
    pairs = pair_rows(results)
    chosen = pairs[pairs["batch_size"] == size]
    places = chosen[["series"]].assign(at=chosen["learning_rate"] * chosen["series"].map(APART))
    rules = alt.Chart(records(places)).mark_rule(strokeWidth=1.3, opacity=0.75)
    ended = np.isfinite(runs["last_loss"])
    dots = alt.Chart(records(runs.loc[ended, ["at", "last_loss", "series"]]))
    dots = dots.mark_point(size=26, strokeWidth=1.3, opacity=0.85)
    layers = [
        rules.encode(x=x, **by_series(PAIR, "color", "strokeDash")),
        dots.encode(x=x, y=y, **by_series(PAIR, "color", "shape")),
    ]
    if (results.sweep.usable["status"] == "diverged").any():  # on every panel, so that they stay in line
        lost = alt.Chart(records(runs.loc[~ended, ["at", "series"]]))
        layers += [*diverged_track(SMALL[0]), crosses(lost, x, PAIR)]
    chart, label, title = layered(layers, *SMALL), _label(runs, size, chosen), f"M = {size:,}"
    wide = runs.pivot(index=["series", "learning_rate"], columns="seed", values="last_loss")
    data = wide.add_prefix("seed ").reset_index()
    return draw(chart, f"rates-{size}", label, title=title, data=data)


def _label(runs: pd.DataFrame, size: int, chosen: pd.DataFrame) -> str:
    diverged = int((runs["status"] == "diverged").sum())
    text = (
        f"Final validation loss against learning rate at batch size {size:,}: {len(runs)} runs, "
        f"{diverged} diverged."
    )
    for _, row in chosen.iterrows():
        loss = number(row["validation_loss"])
        text += (
            f" {row['series'].capitalize()}: chosen rate {rate(row['learning_rate'])}, "
            f"final validation loss {loss}."
        )
    return text


FIGURE = Figure(
    name="rates",
    number="3b",
    place="rates",
    title="Final validation loss against learning rate, a mark a run.",
    caption="""{{ which }}, at every batch size <var>M</var>; at one rate the two ways stand side by side.
Crosses on the rail diverged. A loss above {{ ceiling }} times the lowest one is drawn at the upper edge.
Vertical lines: the rate chosen, which is the one whose tuning seeds reach the target with the lowest median
of evaluations of the network (unreached counts as infinite); among equals, the one with the lowest final
validation loss. Seconds have no part in it.""",
    draw=draw_rates,
    size="small",
)
