"""One look for all figures: colours that colour-blind readers tell apart, and a second channel for each."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

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

CONFIG: dict[str, Any] = {
    "font": "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif",
    "aria": False,  # the whole figure carries one text; a name for each mark would drown it
    "background": "transparent",
    "view": {"stroke": None},
    "axis": {
        **{"labelColor": INK, "titleColor": INK, "titleFontWeight": "normal", "labelFontSize": 12},
        **{"titleFontSize": 13, "gridColor": "#e4e7eb", "domainColor": RULE, "tickColor": RULE},
        **{"labelOverlap": "greedy", "titlePadding": 8},
    },
    "title": {"fontSize": 13, "anchor": "start", "color": INK, "fontWeight": "bold", "offset": 8},
    "text": {"fontSize": 12, "color": INK},
}


@dataclass(frozen=True)
class Key:
    """A sample of how a series is drawn (inline SVG), and its name."""

    sample: str
    name: str


@dataclass(frozen=True)
class Figure:
    """Inline SVG, the text that says what it shows, and the key to its series (none where there is one)."""

    svg: str
    label: str
    keys: tuple[Key, ...] = ()


MARKS = {
    "circle": '<circle cx="17" cy="7" r="4.5" fill="{0}"/>',
    "square": '<rect x="12.5" y="2.5" width="9" height="9" fill="{0}"/>',
    "diamond": '<path d="M17 1l6 6l-6 6l-6-6z" fill="{0}"/>',
    "triangle-down": '<path d="M11 2h12l-6 10z" fill="{0}"/>',
    "triangle-up": '<path d="M11 12h12l-6-10z" fill="none" stroke="{0}" stroke-width="1.6"/>',
    "cross": '<path d="M13 3l8 8m0-8l-8 8" stroke="{0}" stroke-width="2.2"/>',
}


def key(name: str, colour: str, dash: list[int] | None = None, shape: str | None = None) -> Key:
    """Return the key of a series drawn as a line with that dash, as a mark of that shape, or both."""
    line = ""
    if dash is not None:
        pattern = " ".join(map(str, dash))
        line = f'<path d="M0 7h34" stroke="{colour}" stroke-width="2.2" stroke-dasharray="{pattern}"/>'
    mark = MARKS[shape].format(colour) if shape else ""
    return Key(f'<svg width="34" height="14" viewBox="0 0 34 14" aria-hidden="true">{line}{mark}</svg>', name)


def draw(chart: alt.TopLevelMixin, name: str, label: str, keys: Iterable[Key] = ()) -> Figure:
    """Draw a chart as SVG whose ids are the figure's own, scalable, named by `label` for screen readers."""
    specification = chart.configure(**CONFIG).to_dict(validate=False)
    svg = vl_convert.vegalite_to_svg(specification)
    svg = _own_ids(svg, name)
    # Inside a figure with one text, roles of its parts are noise.
    svg = re.sub(r' (role="graphics-[^"]*"|aria-[a-z]+="[^"]*")', "", svg)
    opening = re.match(r"<svg[^>]*>", svg)
    assert opening is not None
    width, height = (re.search(rf'{side}="([\d.]+)"', opening[0]) for side in ("width", "height"))
    assert width is not None and height is not None
    start = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{html.escape(label)}" '
        f'viewBox="0 0 {width[1]} {height[1]}" width="{width[1]}">'
    )
    return Figure(start + svg[opening.end() :].strip(), label, tuple(keys))


def _own_ids(svg: str, name: str) -> str:
    """Number the ids anew: Vega counts them per process, and figures of one page must not share any."""
    for number, old in enumerate(re.findall(r'\bid="([^"]+)"', svg)):
        svg = re.sub(rf'(\bid="|url\(#|href="#){re.escape(old)}(?=["\)])', rf"\g<1>{name}-{number}", svg)
    return svg


def records(table: pd.DataFrame) -> alt.Data:
    """Return a table as inline data; an empty or infinite value is null (a gap)."""
    finite = table.astype(object).where(table.notna() & ~table.isin([math.inf, -math.inf]), None)
    return alt.Data(values=finite.to_dict("records"))


def log_axis(domain: list[float]) -> alt.Axis:
    """Return an axis with round values on a logarithmic scale: the more decades, the fewer per decade."""
    low, high = domain
    ratio = high / low
    factors = (1, 2, 5) if ratio < 50 else (1, 3) if ratio < 2000 else (1,)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    values = [float(f"{factor * 10.0**power:.6g}") for power in powers for factor in factors]
    shown = [value for value in values if low * 0.999 <= value <= high * 1.001]
    expression = "format(datum.value, datum.value >= 1000 ? '~s' : '~g')"
    return alt.Axis(values=shown, labelExpr=expression)


def batch_sizes(sizes: Iterable[int], shown: Iterable[int] | None = None) -> alt.X:
    """Return the axis of batch sizes, base 2, with ticks at `shown` (else at all)."""
    at = sorted(set(sizes))
    scale = alt.Scale(type="log", base=2, domain=[at[0] / 1.3, at[-1] * 1.3], nice=False)
    axis = alt.Axis(values=list(shown or at), format=",d", grid=False)
    return alt.X("batch_size:Q", title="batch size M", scale=scale, axis=axis)


def by_series(channel: Callable[..., Any], values: Mapping[str, Any]) -> Any:
    """Return a colour, dash or shape for each name in the field `series` (the page draws the key)."""
    return channel("series:N", scale=alt.Scale(domain=list(values), range=list(values.values())), legend=None)


def padded(values: Iterable[float], share: float = 0.06) -> list[float]:
    """Return the range of positive values with some room on a logarithmic axis."""
    positive = [value for value in values if math.isfinite(value) and value > 0]
    low, high = (min(positive), max(positive)) if positive else (0.1, 1.0)
    room = max((high / low) ** share, 1.15)
    return [low / room, high * room]


def log_scale(domain: list[float]) -> alt.Scale:
    """Return a logarithmic scale over exactly `domain`, marks outside cut off."""
    return alt.Scale(type="log", domain=domain, nice=False, clamp=True)
