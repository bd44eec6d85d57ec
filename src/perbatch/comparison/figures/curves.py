"""Loss curves of the modes, each at its chosen rate."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from perbatch.comparison.figures.style import (
    HEIGHT,
    INK,
    QUIET,
    WIDTH,
    Figure,
    draw,
    log_scale,
    padded,
    records,
    steps,
)

AXES = {
    "presentations": "presentations (examples shown)",
    "updates": "updates",
    "gradient_evaluations": "gradient evaluations",
}


def loss_curves_figure(curves: pd.DataFrame, series: dict[str, tuple[str, str, list[int]]], axis: str, target: float,
                       name: str, label: str) -> Figure:
    """Draw median validation loss (band: lowest to highest seed) against one of AXES, both logarithmic.

    `series`: contender -> (its name in the legend, colour, dash).
    """
    names = [text for text, _, _ in series.values()]
    shown = curves[curves["contender"].isin(series) & (curves[axis] > 0)]
    shown = shown.assign(series=shown["contender"].map({key: text for key, (text, _, _) in series.items()}))
    start = curves.loc[curves["presentations"] == 0, "validation_loss"].median()
    y_domain = padded([*shown["validation_loss"].clip(upper=_ceiling(start)).dropna(), target])
    x_domain = padded(shown[axis], share=0.0)
    x = alt.X(f"{axis}:Q", title=AXES[axis], scale=log_scale(x_domain), axis=_axis(x_domain, (1,), "~s"))
    y = _loss("validation_loss", y_domain)
    colour = alt.Color("series:N", scale=alt.Scale(domain=names, range=[c for _, c, _ in series.values()]))
    dash = alt.StrokeDash("series:N", scale=alt.Scale(domain=names, range=[d for _, _, d in series.values()]))
    base = alt.Chart(records(shown))
    band = base.mark_area(opacity=0.16, clip=True).encode(
        x=x, y=_loss("validation_loss_lowest", y_domain), y2="validation_loss_highest:Q", color=colour
    )
    line = base.mark_line(strokeWidth=2.2, clip=True).encode(x=x, y=y, color=colour, strokeDash=dash)
    rule, text = target_rule(target, y_domain)
    return draw(alt.layer(band, rule, line, text).properties(width=WIDTH, height=HEIGHT), name, label)


def target_rule(target: float, domain: list[float]) -> tuple[alt.Chart, alt.Chart]:
    """Return the dotted line of the target and its text."""
    base = alt.Chart(records(pd.DataFrame({"target": [target], "text": [f"target {target:g}"]})))
    y = _loss("target", domain)
    rule = base.mark_rule(color=QUIET, strokeDash=[2, 3]).encode(y=y)
    text = base.mark_text(align="left", baseline="bottom", dx=3, dy=-2, color=INK, fontSize=11)
    return rule, text.encode(x=alt.value(0), y=y, text="text:N")


def _loss(column: str, domain: list[float]) -> alt.Y:
    return alt.Y(f"{column}:Q", title="validation loss", scale=log_scale(domain), axis=_axis(domain, (1, 2, 5), "~g"))


def _axis(domain: list[float], base: tuple[float, ...], form: str) -> alt.Axis:
    return alt.Axis(values=steps(domain[0], domain[1], base), format=form)


def _ceiling(start: float) -> float:
    return 3 * start if np.isfinite(start) else np.inf
