"""The rail above a plot on which diverged runs are marked: no finite loss can lie there."""

from collections.abc import Mapping

import altair as alt
import pandas as pd

from perbatch.report.figures.style import GRID, QUIET, by_series, records

RAIL = -32  # pixels: above the name of the y axis
CROSS = "M-1,-1L1,1M-1,1L1,-1"


def rail(width: int | dict[str, str]) -> tuple[alt.Chart, alt.Chart]:
    """Draw an empty rail with its name to the left; `width` in pixels or an expression."""
    base = alt.Chart(alt.Data(values=[{}]))
    rule = base.mark_rule(color=GRID, strokeWidth=15)
    rule = rule.encode(x=alt.value(0), x2=alt.value(width), y=alt.value(RAIL))
    note = base.mark_text(text="diverged", align="right", fontSize=11, color=QUIET)
    return rule, note.encode(x=alt.value(-5), y=alt.value(RAIL))


def crosses(lost: pd.DataFrame, colours: Mapping[str, str]) -> alt.Chart:
    """Draw a cross a row; the caller places it."""
    chart = alt.Chart(records(lost)).mark_point(shape=CROSS, size=36, strokeWidth=2, opacity=1)
    return chart.encode(color=by_series(alt.Color, colours))
