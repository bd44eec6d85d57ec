"""The figures that a script brings to life: compiled Vega specifications and the numbers that they draw."""

from dataclasses import dataclass
from typing import Any

import altair as alt
import pandas as pd
import vl_convert

from perbatch.report.figures.curves import band, faint, line, loss_axis, loss_domain, target_rule
from perbatch.report.figures.explorer import Explorer
from perbatch.report.figures.loss_data import AXES, Losses
from perbatch.report.figures.rail import CROSS, RAIL, rail
from perbatch.report.figures.style import CONFIG, INK, by_series, log_axis, log_scale, padded
from perbatch.report.wording import rate

WIDTH, HEIGHT = 700, 340
# Of a logarithmic axis whose range is not known beforehand only 1 and 3 of each decade are written.
FIRST = "round(datum.value / pow(10, floor(log(datum.value) / LN10 + 1e-9)))"
TEXT = "format(datum.value, datum.value >= 1000 ? '~s' : '~g')"
ONES_AND_THREES = f"{FIRST} == 1 || {FIRST} == 3 ? {TEXT} : ''"


@dataclass(frozen=True)
class Live:
    """A Vega specification without data, and its data sets as columns."""

    spec: dict[str, Any]
    data: dict[str, dict[str, list[Any]]]


def live_losses(losses: Losses, target: float, start: float) -> Live:
    """Loss curves whose signal `axis` chooses one of the losses' axes."""
    y_domain = loss_domain(losses.median, target, start)
    axis = alt.param(name="axis", value=losses.axes[0])
    x = alt.X(
        "at:Q",
        title=losses.titles[losses.axes[0]],
        scale=alt.Scale(type="log", nice=False),
        axis=alt.Axis(labelExpr=ONES_AND_THREES),
    )
    median, seeds = (
        alt.Chart(alt.NamedData(name)).transform_calculate(at="datum[axis]") for name in ("median", "seeds")
    )
    text = "datum.name + ': loss ' + format(datum.loss, '.3~g') + ' at ' + format(datum.at, ',.4~g')"
    layers = [
        *target_rule(target, y_domain),
        faint(seeds, losses).encode(x=x, y=loss_axis("loss", y_domain)),
        band(median, losses, y_domain).encode(x=x),
        line(median, losses).encode(x=x, y=loss_axis("loss", y_domain)),
        *_reading(median, x, loss_axis("loss", y_domain), losses, text),
    ]
    spec = _compiled(alt.layer(*layers).add_params(axis))
    for each in spec["axes"]:
        if each.get("title") == losses.titles[losses.axes[0]]:
            each["title"] = {"signal": f"({losses.titles})[axis]"}
    columns = ["series", *losses.axes, "loss"]
    rows = losses.median.assign(name=losses.median["series"].map(losses.names))
    return Live(
        spec,
        {
            "median": _columns(rows[[*columns, "low", "high", "name"]]),
            "seeds": _columns(losses.seeds[[*columns, "seed"]]),
        },
    )


def live_explorer(explorer: Explorer, losses: Losses, target: float, start: float) -> Live:
    """Loss curves at one rate, which the signal `step` chooses."""
    y_domain = loss_domain(explorer.curves, target, start)
    x_domain = padded(explorer.curves["presentations"], share=0.0)
    step = alt.param(name="step", value=0)
    x = alt.X(
        "presentations:Q", title=AXES["presentations"], scale=log_scale(x_domain), axis=log_axis(x_domain)
    )
    curves, lost = (
        alt.Chart(alt.NamedData(name)).transform_filter("datum.step == step") for name in ("curves", "lost")
    )
    cross = lost.mark_point(shape=CROSS, size=44, strokeWidth=2, opacity=1)
    text = (
        "datum.name + ': loss ' + format(datum.loss, '.3~g') + ' at ' + format(datum.presentations, ',.4~g')"
    )
    y = loss_axis("loss", y_domain)
    layers = [
        *target_rule(target, y_domain),
        *rail({"expr": "width"}),
        line(curves, losses).encode(x=x, y=y),
        cross.encode(x=x, y=alt.value(RAIL), color=by_series(alt.Color, losses.colours())),
        *_reading(curves, x, y, losses, text),
    ]
    rows = explorer.curves.assign(name=explorer.curves["series"].map(losses.names))
    return Live(
        _compiled(alt.layer(*layers).add_params(step)),
        {"curves": _columns(rows), "lost": _columns(explorer.lost)},
    )


def chosen_steps(explorer: Explorer, losses: Losses) -> list[tuple[str, int]]:
    """Return the steps worth a visit: each mode's chosen rate, as (words, step)."""
    return [
        (f"{losses.names[name]}: {rate(explorer.rates[step])}", step)
        for name, step in explorer.chosen.items()
    ]


def _reading(chart: alt.Chart, x: alt.X, y: alt.Y, losses: Losses, text: str) -> list[alt.Chart]:
    """The point next to the pointer, with its numbers in the upper right corner."""
    near = alt.selection_point(name="near", nearest=True, on="pointermove", clear="pointerout", empty=False)
    points = chart.mark_point(filled=True, size=70, clip=True).encode(
        x=x,
        y=y,
        color=by_series(alt.Color, losses.colours()),
        opacity=alt.condition(near, alt.value(1), alt.value(0)),
    )
    words = chart.transform_filter(near).transform_calculate(words=text)
    words = words.mark_text(align="right", baseline="top", fontSize=12, color=INK)
    corner = {"x": alt.value({"expr": "width - 4"}), "y": alt.value(4)}
    return [points.add_params(near), words.encode(text="words:N", **corner)]


def _compiled(chart: alt.LayerChart | alt.FacetChart) -> dict[str, Any]:
    sized = chart.properties(
        width=WIDTH, height=HEIGHT, autosize=alt.AutoSizeParams(type="fit-x", contains="padding")
    )
    compiled = vl_convert.vegalite_to_vega(sized.configure(**CONFIG).to_dict(validate=False))
    return dict(compiled)


def _columns(table: pd.DataFrame) -> dict[str, list[Any]]:
    """A table as columns; four digits are more than a screen shows."""
    return {str(name): [_short(value) for value in table[name].tolist()] for name in table}


def _short(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    number = float(f"{value:.4g}")
    if number != number or number in (float("inf"), float("-inf")):
        return None
    return int(number) if number.is_integer() else number
