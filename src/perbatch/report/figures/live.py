"""What figures that a script brings to life share: compiled specifications, and numbers for them."""

from typing import Any

import altair as alt
import pandas as pd
import vl_convert

from perbatch.report.figures.series import by_series
from perbatch.report.figures.style import CONFIG, INK, Looks

WIDTH, HEIGHT = 700, 340


def compiled(layers: list[alt.Chart], signal: alt.Parameter) -> dict[str, Any]:
    """Return the layers, over data yet to come, as a Vega specification; the script sets `signal`."""
    size = alt.AutoSizeParams(type="fit-x", contains="padding")
    chart = alt.layer(*layers).add_params(signal).properties(width=WIDTH, height=HEIGHT, autosize=size)
    return dict(vl_convert.vegalite_to_vega(chart.configure(**CONFIG).to_dict(validate=False)))


def reading(chart: alt.Chart, x: alt.X, y: alt.Y, looks: Looks, at: str) -> list[alt.Chart]:
    """Return the point next to the pointer, with its loss and its column `at` in the upper right corner."""
    near = alt.selection_point(name="near", nearest=True, on="pointermove", clear="pointerout", empty=False)
    points = chart.mark_point(filled=True, size=70, clip=True).encode(
        x=x, y=y, opacity=alt.condition(near, alt.value(1), alt.value(0)), **by_series(looks, "color")
    )
    text = f"datum.name + ': loss ' + format(datum.loss, '.3~g') + ' at ' + format(datum.{at}, ',.4~g')"
    words = chart.transform_filter(near).transform_calculate(words=text)
    words = words.mark_text(align="right", baseline="top", fontSize=12, color=INK)
    corner = {"x": alt.value({"expr": "width - 4"}), "y": alt.value(4)}
    return [points.add_params(near), words.encode(text="words:N", **corner)]


def columns(table: pd.DataFrame) -> dict[str, list[Any]]:
    """Return a table as columns; four digits are more than a screen shows."""
    return {str(name): [_short(value) for value in table[name].tolist()] for name in table}


def _short(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    number = float(f"{value:.4g}")
    if number != number or number in (float("inf"), float("-inf")):
        return None
    return int(number) if number.is_integer() else number
