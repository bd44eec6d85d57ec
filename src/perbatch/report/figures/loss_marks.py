"""How loss curves are drawn: medians, their intervals, faint seeds, and the target."""

import altair as alt
import numpy as np
import pandas as pd

from perbatch.report.figures.loss_data import Losses
from perbatch.report.figures.series import by_series
from perbatch.report.figures.style import INK, QUIET, Looks, logarithmic, padded, records


def loss_domain(curves: pd.DataFrame, losses: Losses) -> list[float]:
    """Return the range of the curves' losses, cut off above three times that before training."""
    ceiling = 3 * losses.start if np.isfinite(losses.start) else np.inf
    return padded([*curves["loss"].clip(upper=ceiling).dropna(), losses.target])


def loss_axis(column: str, domain: list[float]) -> alt.Y:
    """Return the axis of validation losses."""
    return logarithmic(alt.Y, column, "validation loss", domain)


def line(chart: alt.Chart, looks: Looks) -> alt.Chart:
    """Draw medians, coloured and dashed by mode."""
    return chart.mark_line(strokeWidth=2.2, clip=True).encode(
        color=by_series(alt.Color, looks), strokeDash=by_series(alt.StrokeDash, looks)
    )


def faint(chart: alt.Chart, looks: Looks) -> alt.Chart:
    """Draw a thin line a seed."""
    return chart.mark_line(strokeWidth=0.8, opacity=0.22, clip=True).encode(
        color=by_series(alt.Color, looks), detail="seed:N"
    )


def band(chart: alt.Chart, looks: Looks, domain: list[float]) -> alt.Chart:
    """Draw the interval of the medians."""
    return chart.mark_area(opacity=0.2, clip=True).encode(
        y=loss_axis("low", domain), y2="high:Q", fill=by_series(alt.Fill, looks)
    )


def target_rule(target: float, domain: list[float]) -> tuple[alt.Chart, alt.Chart]:
    """Draw the target as a dotted rule with its value."""
    base = alt.Chart(records(pd.DataFrame({"target": [target], "text": [f"target {target:g}"]})))
    y = loss_axis("target", domain)
    rule = base.mark_rule(color=QUIET, strokeDash=[2, 3]).encode(y=y)
    text = base.mark_text(align="left", baseline="bottom", dx=3, dy=-2, color=INK, fontSize=11)
    return rule, text.encode(x=alt.value(0), y=y, text="text:N")
