"""Loss curves of the modes, each at its chosen rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import altair as alt
import numpy as np
import pandas as pd

from perbatch.comparison.figures.style import (
    HEIGHT,
    INK,
    QUIET,
    WIDTH,
    Figure,
    by_series,
    draw,
    key,
    log_axis,
    log_scale,
    padded,
    records,
)

AXES = {
    "presentations": "presentations (examples shown)",
    "updates": "updates",
    "gradient_evaluations": "gradient evaluations",
}
LOSSES = ["validation_loss", "validation_loss_lowest", "validation_loss_highest"]


@dataclass(frozen=True)
class Line:
    """How a contender's curve is named and drawn."""

    name: str
    colour: str
    dash: list[int]


def loss_figure(
    curves: pd.DataFrame, lines: Mapping[str, Line], axis: str, target: float, label: str
) -> Figure:
    """Draw median validation loss (band: lowest to highest seed) against one of AXES, both logarithmic.

    `curves` as made by `loss_curves`; `lines` by contender.
    """
    shown = curves[curves["contender"].isin(lines) & (curves[axis] > 0)]
    shown = shown.assign(series=shown["contender"].map({key: line.name for key, line in lines.items()}))
    start = curves.loc[curves["presentations"] == 0, "validation_loss"].median()
    ceiling = 3 * start if np.isfinite(start) else np.inf
    y_domain = padded([*shown["validation_loss"].clip(upper=ceiling).dropna(), target])
    x_domain = padded(shown[axis], share=0.0)
    x = alt.X(f"{axis}:Q", title=AXES[axis], scale=log_scale(x_domain), axis=log_axis(x_domain))
    colours = {line.name: line.colour for line in lines.values()}
    dashes = {line.name: line.dash for line in lines.values()}
    base = alt.Chart(records(shown[[axis, "series", *LOSSES]]))
    band = base.mark_area(opacity=0.16, clip=True).encode(
        x=x,
        y=_loss("validation_loss_lowest", y_domain),
        y2="validation_loss_highest:Q",
        fill=by_series(alt.Fill, colours),
    )
    line = base.mark_line(strokeWidth=2.2, clip=True).encode(
        x=x,
        y=_loss("validation_loss", y_domain),
        color=by_series(alt.Color, colours),
        strokeDash=by_series(alt.StrokeDash, dashes),
    )
    chart = alt.layer(band, *_target(target, y_domain), line).properties(width=WIDTH, height=HEIGHT)
    keys = [key(line.name, line.colour, line.dash) for line in lines.values()]
    return draw(chart, f"loss-{axis}", label, keys)


def _target(target: float, domain: list[float]) -> tuple[alt.Chart, alt.Chart]:
    base = alt.Chart(records(pd.DataFrame({"target": [target], "text": [f"target {target:g}"]})))
    y = _loss("target", domain)
    rule = base.mark_rule(color=QUIET, strokeDash=[2, 3]).encode(y=y)
    text = base.mark_text(align="left", baseline="bottom", dx=3, dy=-2, color=INK, fontSize=11)
    return rule, text.encode(x=alt.value(0), y=y, text="text:N")


def _loss(column: str, domain: list[float]) -> alt.Y:
    return alt.Y(f"{column}:Q", title="validation loss", scale=log_scale(domain), axis=log_axis(domain))
