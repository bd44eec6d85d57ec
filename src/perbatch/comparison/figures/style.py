"""One look for all figures: colours that colour-blind readers tell apart, and a second channel for each."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

import altair as alt
import pandas as pd
import vl_convert

# Okabe and Ito's palette, with a dash and a shape for readers in grey.
COLOURS = {"stochastic": "#D55E00", "mini_batch": "#0072B2", "full_batch": "#009E73", "repeat": "#B04A87"}
DASHES = {"stochastic": [1, 0], "mini_batch": [8, 3], "full_batch": [2, 2], "repeat": [10, 3, 2, 3]}
SHAPES = {"stochastic": "circle", "mini_batch": "square", "full_batch": "diamond", "repeat": "cross"}
PLAIN, REPEAT = "one update per visit", "repeated until satisfied"
PAIR = {PLAIN: "#0072B2", REPEAT: "#B04A87"}
PAIR_SHAPES = {PLAIN: "circle", REPEAT: "square"}
PAIR_DASHES = {PLAIN: [1, 0], REPEAT: [8, 3]}
INK, QUIET, RULE = "#1f2933", "#52606d", "#7b8794"
WIDTH, HEIGHT = 340, 240

CONFIG = {
    "font": "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif",
    "aria": False,  # the whole figure carries one text; a name for each mark would drown it
    "view": {"stroke": None},
    "axis": {
        **{"labelColor": INK, "titleColor": INK, "titleFontWeight": "normal", "labelFontSize": 12},
        **{"titleFontSize": 13, "gridColor": "#e4e7eb", "domainColor": RULE, "tickColor": RULE},
        **{"labelOverlap": "greedy", "titlePadding": 8},
    },
    "legend": {
        **{"orient": "bottom", "title": None, "labelFontSize": 12, "labelColor": INK, "labelLimit": 330},
        **{"columns": 1, "symbolSize": 90, "symbolStrokeWidth": 2.5, "rowPadding": 4},
    },
    "title": {"fontSize": 13, "anchor": "start", "color": INK, "fontWeight": "bold", "offset": 8},
    "text": {"fontSize": 12, "color": INK},
}


@dataclass(frozen=True)
class Figure:
    """Inline SVG and the text that says what it shows."""

    svg: str
    label: str


def draw(chart: alt.TopLevelMixin, name: str, label: str) -> Figure:
    """Draw a chart as SVG whose ids are the figure's own, scalable, named by `label` for screen readers."""
    specification = chart.configure(**CONFIG).to_dict()  # type: ignore[attr-defined]
    svg = vl_convert.vegalite_to_svg(specification)
    # Several figures share one page: an id such as clip0 must not point into another figure.
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", svg)
    svg = re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', svg)
    opening = re.match(r"<svg[^>]*>", svg)
    assert opening is not None
    width, height = (re.search(rf'{side}="([\d.]+)"', opening[0]) for side in ("width", "height"))
    assert width is not None and height is not None
    start = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{html.escape(label)}" '
        f'viewBox="0 0 {width[1]} {height[1]}" width="{width[1]}">'
    )
    return Figure(start + svg[opening.end() :].strip(), label)


def records(table: pd.DataFrame) -> alt.Data:
    """Return a table as inline data; an empty or infinite value is null (a gap)."""
    finite = table.astype(object).where(table.notna() & ~table.isin([math.inf, -math.inf]), None)
    return alt.Data(values=finite.to_dict("records"))


def steps(low: float, high: float, base: tuple[float, ...] = (1, 3)) -> list[float]:
    """Return round values for a logarithmic axis from `low` to `high`; single decades where there are many."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    factors = base if last - first <= 3 else (1,)
    values = [float(f"{factor * 10.0**power:.6g}") for power in range(first, last + 1) for factor in factors]
    return [value for value in values if low * 0.999 <= value <= high * 1.001]


def padded(values: Iterable[float], share: float = 0.06) -> list[float]:
    """Return the range of positive values with some room on a logarithmic axis."""
    positive = [value for value in values if math.isfinite(value) and value > 0]
    low, high = (min(positive), max(positive)) if positive else (0.1, 1.0)
    room = max((high / low) ** share, 1.15)
    return [low / room, high * room]


def log_scale(domain: list[float]) -> alt.Scale:
    """Return a logarithmic scale over exactly `domain`, marks outside cut off."""
    return alt.Scale(type="log", domain=domain, nice=False, clamp=True)
