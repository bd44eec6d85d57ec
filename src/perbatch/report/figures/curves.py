"""Loss curves of the modes, each at its chosen rate: median, interval and faint seeds, a figure an axis."""

import altair as alt
import numpy as np
import pandas as pd

from perbatch.report.figures.loss_data import Losses
from perbatch.report.figures.style import (
    HEIGHT,
    INK,
    QUIET,
    WIDTH,
    by_series,
    log_axis,
    log_scale,
    padded,
    records,
)
from perbatch.report.figures.svg import Figure, Key, draw, key


def loss_figure(losses: Losses, axis: str, target: float, start: float, label: str) -> Figure:
    """Draw validation loss against one of the axes, both logarithmic. `start` is the loss before training."""
    median, seeds = records(losses.median), records(losses.seeds)
    y_domain = loss_domain(losses.median, target, start)
    x_domain = padded(losses.median[axis], share=0.0)
    x = alt.X(f"{axis}:Q", title=losses.titles[axis], scale=log_scale(x_domain), axis=log_axis(x_domain))
    chart = alt.layer(
        *target_rule(target, y_domain),
        faint(alt.Chart(seeds), losses).encode(x=x, y=loss_axis("loss", y_domain)),
        band(alt.Chart(median), losses, y_domain).encode(x=x),
        line(alt.Chart(median), losses).encode(x=x, y=loss_axis("loss", y_domain)),
    )
    return draw(chart.properties(width=WIDTH, height=HEIGHT), f"loss-{axis}", label)


def loss_keys(losses: Losses) -> list[Key]:
    """Return the key to the modes."""
    colours, dashes = losses.colours(), losses.dashes()
    return [key(text, colours[name], dashes[name]) for name, text in losses.names.items()]


def loss_domain(curves: pd.DataFrame, target: float, start: float) -> list[float]:
    """Return the range of losses, cut off above three times that before training."""
    ceiling = 3 * start if np.isfinite(start) else np.inf
    return padded([*curves["loss"].clip(upper=ceiling).dropna(), target])


def loss_axis(column: str, domain: list[float]) -> alt.Y:
    """Return the axis of validation losses."""
    return alt.Y(f"{column}:Q", title="validation loss", scale=log_scale(domain), axis=log_axis(domain))


def line(chart: alt.Chart, losses: Losses) -> alt.Chart:
    """Draw medians, coloured and dashed by mode."""
    return chart.mark_line(strokeWidth=2.2, clip=True).encode(
        color=by_series(alt.Color, losses.colours()), strokeDash=by_series(alt.StrokeDash, losses.dashes())
    )


def faint(chart: alt.Chart, losses: Losses) -> alt.Chart:
    """Draw a thin line a seed."""
    return chart.mark_line(strokeWidth=0.8, opacity=0.22, clip=True).encode(
        color=by_series(alt.Color, losses.colours()), detail="seed:N"
    )


def band(chart: alt.Chart, losses: Losses, domain: list[float]) -> alt.Chart:
    """Draw the interval of the medians."""
    return chart.mark_area(opacity=0.2, clip=True).encode(
        y=loss_axis("low", domain), y2="high:Q", fill=by_series(alt.Fill, losses.colours())
    )


def target_rule(target: float, domain: list[float]) -> tuple[alt.Chart, alt.Chart]:
    """Draw the target as a dotted rule with its value."""
    base = alt.Chart(records(pd.DataFrame({"target": [target], "text": [f"target {target:g}"]})))
    y = loss_axis("target", domain)
    rule = base.mark_rule(color=QUIET, strokeDash=[2, 3]).encode(y=y)
    text = base.mark_text(align="left", baseline="bottom", dx=3, dy=-2, color=INK, fontSize=11)
    return rule, text.encode(x=alt.value(0), y=y, text="text:N")
