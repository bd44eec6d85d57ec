"""One look for all figures: colours that colour-blind readers tell apart, and a second channel for each.

report.css maps these very colours to lighter ones for dark screens, so no figure uses another.
"""

import json
import math
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

import altair as alt
import pandas as pd
from altair.utils.schemapi import disable_debug_mode

# Vega itself says what is wrong with a chart; checking each part of it as it is made takes a second.
disable_debug_mode()


class Look(NamedTuple):
    """How a series is drawn: its colour, and for readers in grey its line's dash and its marks' shape."""

    colour: str
    dash: list[int] | None = None
    shape: str | None = None


Looks = Mapping[str, Look]

# Okabe and Ito's palette.
MODES: Looks = {
    "stochastic": Look("#D55E00", [1, 0]),
    "mini_batch": Look("#0072B2", [8, 3]),
    "full_batch": Look("#009E73", [2, 2]),
    "repeat": Look("#B04A87", [10, 3, 2, 3]),
}
MANY_RATES = 12
CLOSE_RATES = 1.3  # the second over the first, whose labels would meet
INK, QUIET, RULE, GRID = "#1f2933", "#52606d", "#7b8794", "#e4e7eb"
LOOKS = [
    Look("#0072B2", [1, 0], "circle"),
    Look("#D55E00", [8, 3], "square"),
    Look("#009E73", [2, 2], "diamond"),
    Look("#B04A87", [10, 3, 2, 3], "triangle-down"),
    Look(INK, [4, 4], "cross"),
]
"""Of series that are no modes, in the order in which they come."""
WIDTH, HEIGHT = 300, 200
SMALL = (215, 120)

FONT = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"
CONFIG: dict[str, Any] = {
    "font": FONT,
    "aria": False,  # the whole figure carries one text; a name for each mark would drown it
    "background": "transparent",
    "padding": {"left": 2, "right": 4, "top": 4, "bottom": 4},
    "view": {"stroke": None},
    "axis": {
        **{"labelColor": INK, "labelFontSize": 12, "labelOverlap": "greedy", "labelPadding": 5},
        **{"titleColor": QUIET, "titleFontSize": 12, "titleFontWeight": "normal", "titlePadding": 6},
        **{"gridColor": GRID, "domainColor": RULE, "tickColor": RULE, "tickSize": 4},
    },
    "axisBottom": {"grid": False},
    # The name of what is drawn stands level above the plot: no head to tilt, and more room for the plot.
    "axisLeft": {
        **{"domain": False, "ticks": False, "titleAngle": 0, "titleAlign": "left"},
        **{"titleBaseline": "bottom", "titleX": -40, "titleY": -9, "minExtent": 40},
    },
    "text": {"fontSize": 12, "color": INK},
}


def records(table: pd.DataFrame) -> alt.InlineData:
    """Return a table as inline data; an empty or infinite value is null (a gap)."""
    finite = table.astype(object).where(table.notna() & ~table.isin([math.inf, -math.inf]), None)
    # As text: Altair copies and checks every value of a list.
    text = json.dumps(finite.to_dict("records"))
    return alt.InlineData(values=text, format=alt.JsonDataFormat(type="json"))


def log_axis(domain: list[float]) -> alt.Axis:
    """Return an axis with round values on a logarithmic scale: the more decades, the fewer per decade."""
    low, high = domain
    ratio = high / low
    few = (1, 1.5, 2, 3, 5, 7) if ratio < 6 else (1, 2, 5)
    factors = few if ratio < 50 else (1, 3) if ratio < 400 else (1,)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    values = [float(f"{factor * 10.0**power:.6g}") for power in powers for factor in factors]
    shown = [value for value in values if low * 0.999 <= value <= high * 1.001]
    expression = "format(datum.value, datum.value >= 1000 ? '~s' : '~g')"
    return alt.Axis(values=shown, labelExpr=expression)


def rates_axis(rates: list[float], domain: list[float]) -> alt.Axis:
    """Return an axis with the learning rates of a grid, or round values for those of a search."""
    close = any(second < CLOSE_RATES * first for first, second in pairwise(sorted(rates)))
    return log_axis(domain) if close or len(rates) > MANY_RATES else alt.Axis(values=rates, format="~g")


def log2_axis(domain: list[float]) -> alt.Axis:
    """Return an axis with powers of two: the more of them, the fewer are written."""
    low, high = (math.log2(end) for end in domain)
    step = max(1, math.ceil((high - low) / 6))
    powers = range(math.ceil(low), math.floor(high) + 1)
    return alt.Axis(values=[2.0**power for power in powers if power % step == 0], format=",~r")


def batch_sizes(sizes: Iterable[int], shown: Iterable[int] | None = None) -> alt.X:
    """Return the axis of batch sizes, base 2, with ticks at `shown` (else at all)."""
    at = sorted(set(sizes))
    scale = alt.Scale(type="log", base=2, domain=[at[0] / 1.3, at[-1] * 1.3], nice=False)
    axis = alt.Axis(values=list(shown or at), format=",d", grid=False)
    return alt.X("batch_size:Q", title="batch size M", scale=scale, axis=axis)


def powers_of_two(sizes: pd.Series) -> list[int]:
    """Return the powers of two from the smallest of `sizes` to the largest."""
    low, high = sizes.min(), sizes.max()
    return [2**power for power in range(24) if low <= 2**power <= high]


def padded(values: Iterable[float], share: float = 0.06) -> list[float]:
    """Return the range of positive values with some room on a logarithmic axis."""
    positive = [value for value in values if math.isfinite(value) and value > 0]
    low, high = (min(positive), max(positive)) if positive else (0.1, 1.0)
    room = max((high / low) ** share, 1.15)
    return [low / room, high * room]


def log_scale(domain: list[float]) -> alt.Scale:
    """Return a logarithmic scale over exactly `domain`, marks outside cut off."""
    return alt.Scale(type="log", domain=domain, nice=False, clamp=True)


def logarithmic(channel: type, column: str, title: str | None, domain: list[float]) -> Any:
    """Return a channel of positions (`alt.X` or `alt.Y`): a column on a logarithmic scale over `domain`."""
    scale, axis = log_scale(domain), log_axis(domain)
    return channel(f"{column}:Q", title=title, scale=scale, axis=axis)


def of_one(channel: type, column: str, title: str) -> Any:
    """Return a channel of positions: a column of shares of one, as percentages from 0 to 100."""
    axis = alt.Axis(format="%", tickCount=5)
    return channel(f"{column}:Q", title=title, scale=alt.Scale(domain=[0, 1]), axis=axis)
