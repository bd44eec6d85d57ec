"""A chart as inline SVG: named for screen readers, scalable, small, its ids its own."""

import hashlib
import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import altair as alt
import pandas as pd
import vl_convert

from perbatch.report.figures.style import CONFIG, FONT, HEIGHT, WIDTH

Chart = alt.LayerChart | alt.FacetChart


@dataclass(frozen=True)
class Key:
    """A sample of how a series is drawn (inline SVG, 34 by 14), and its name."""

    sample: str
    name: str


@dataclass(frozen=True)
class Panel:
    """Inline SVG, the text that says what it shows, its title beside others, and the key to its series.

    `width` and `height` are in pixels. `data` is what is drawn, as CSV; empty where a live figure's data have
    it already.
    """

    name: str
    svg: str
    width: float
    height: float
    label: str
    title: str = ""
    keys: tuple[Key, ...] = ()
    data: str = ""


# Called as Vega calls the shapes: its cross is an upright one.
MARKS = {
    "circle": '<circle cx="17" cy="7" r="4.5" fill="{0}"/>',
    "square": '<rect x="12.5" y="2.5" width="9" height="9" fill="{0}"/>',
    "diamond": '<path d="M17 1l6 6l-6 6l-6-6z" fill="{0}"/>',
    "triangle-down": '<path d="M11 2h12l-6 10z" fill="{0}"/>',
    "triangle-up": '<path d="M11 12h12l-6-10z" fill="{0}"/>',
    "hollow-triangle-up": '<path d="M11 12h12l-6-10z" fill="none" stroke="{0}" stroke-width="1.6"/>',
    "cross": '<path d="M15.4 2.2h3.2v3.2h3.2v3.2h-3.2v3.2h-3.2v-3.2h-3.2v-3.2h3.2z" fill="{0}"/>',
    "x": '<path d="M13 3l8 8m0-8l-8 8" stroke="{0}" stroke-width="2.2"/>',
    "ring": '<circle cx="17" cy="7" r="3.6" fill="none" stroke="{0}" stroke-width="1.4"/>',
    "box": '<rect x="13.5" y="3.5" width="7" height="7" fill="none" stroke="{0}" stroke-width="1.4"/>',
    "range": '<path d="M17 0v14" stroke="{0}" stroke-width="9" opacity=".25"/>',
    "bar": '<path d="M5 7h24" stroke="{0}" stroke-width="2.6"/>',
}


def key(name: str, colour: str, dash: list[int] | None = None, shape: str | None = None) -> Key:
    """Return the key of a series drawn as a line with that dash, as a mark of that shape, or both."""
    line = ""
    if dash is not None:
        pattern = " ".join(map(str, dash))
        line = f'<path d="M0 7h34" stroke="{colour}" stroke-width="2.2" stroke-dasharray="{pattern}"/>'
    mark = MARKS[shape].format(colour) if shape else ""
    return Key(f'<svg width="34" height="14" viewBox="0 0 34 14" aria-hidden="true">{line}{mark}</svg>', name)


def layered(layers: Sequence[alt.Chart], width: float = WIDTH, height: float = HEIGHT) -> Chart:
    """Lay charts over each other in a plot of that size (pixels)."""
    return alt.layer(*layers).properties(width=width, height=height)


def draw(
    chart: alt.TopLevelMixin,
    name: str,
    label: str,
    keys: Iterable[Key] = (),
    title: str = "",
    data: pd.DataFrame | None = None,
) -> Panel:
    """Draw a chart as SVG. `label` says what it shows; `name` is unique on the page; `data` may be taken."""
    specification = chart.configure(**CONFIG).to_dict(validate=False)
    svg = _own_ids(vl_convert.vegalite_to_svg(specification), name)
    opening, _, drawn = svg.partition(">")
    width, height = re.findall(r' (?:width|height)="([\d.]+)"', opening)
    start = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{html.escape(label)}" '
        f'viewBox="0 0 {width} {height}" width="{width}" font-family="{FONT}" font-size="12px">'
    )
    body = _shared_marks(_slim(drawn.strip()), name)
    text = "" if data is None else data.to_csv(index=False, float_format="%.5g", lineterminator="\n")
    return Panel(name, start + body, float(width), float(height), label, title, tuple(keys), text)


def _own_ids(svg: str, name: str) -> str:
    """Number the ids anew: Vega counts them per process, and figures of one page must not share any."""
    own = {old: f"{name}-{number}" for number, old in enumerate(re.findall(r'\bid="([^"]+)"', svg))}
    return re.sub(r'(\bid="|url\(#|href="#)([^")]+)', lambda found: found[1] + own[found[2]], svg)


def _slim(svg: str) -> str:
    """Leave out what draws nothing, and digits that no screen shows."""
    # Inside a figure with one text, roles of its parts are noise.
    svg = re.sub(r' (role="graphics-[^"]*"|aria-[a-z]+="[^"]*"|class="[^"]*"|pointer-events="none")', "", svg)
    svg = re.sub(r' (font-family="[^"]*"|opacity="1"|font-weight="normal")', "", svg)
    # What is so without being said: by SVG itself, or by the whole figure.
    svg = re.sub(r' (font-size="12px"|stroke-width="1"|[xy]2="0")', "", svg)
    svg = re.sub(r'<path d="(M0,0h0v0h0Z)?"[^>]*/>', "", svg)
    svg = re.sub(r'<path d="M0,0h[\d.]+v[\d.]+h-[\d.]+Z"/>', "", svg)
    return _unwrapped(re.sub(r"<[^>]*>", _rounded, svg))  # only inside tags: what is written stays as it is


def _unwrapped(svg: str) -> str:
    """Leave out groups that say nothing of what is in them."""
    kept: list[bool] = []

    def group(tag: re.Match[str]) -> str:
        if tag[0] != "</g>":
            kept.append(tag[0] not in ("<g>", '<g transform="translate(0,0)">'))
            return tag[0] if kept[-1] else ""
        return tag[0] if kept.pop() else ""

    return re.sub(r"<g\b[^>]*(?<!/)>|</g>", group, svg)


def _rounded(tag: re.Match[str]) -> str:
    digits = 1 if len(tag[0]) > 400 else 2  # a long line keeps its shape with fewer
    return re.sub(
        r"-?\d+\.\d{2,}", lambda number: f"{float(number[0]):.{digits}f}".rstrip("0").rstrip("."), tag[0]
    )


_MARK = re.compile(r'(<path transform="translate\([^)]*\)" d="[^"]*"[^>]*/>)')
_PARTS = re.compile(r'<path transform="translate\(([^,)]*),([^)]*)\)" d="([^"]*)"([^>]*)/>')


def _shared_marks(svg: str, name: str) -> str:
    """Draw equal marks (a dot a seed) as one shape used many times, a row of them with one height."""
    pieces, shapes = [], 0
    short = hashlib.sha256(name.encode()).hexdigest()[:5]  # it stands there a thousand times
    for (shape, style), group in groupby(filter(None, _MARK.split(svg)), key=_look):
        run = list(group)
        if not shape or len(run) < 4:
            pieces += run
            continue
        places = [(at[1], at[2]) for mark in run if (at := _PARTS.fullmatch(mark))]
        mark = f'<use href="#m{short}{shapes}" x="'
        uses = "".join(_row(y, [x for x, _ in row], mark) for y, row in groupby(places, key=lambda at: at[1]))
        pieces.append(f'<g{style}><defs><path id="m{short}{shapes}" d="{shape}"/></defs>{uses}</g>')
        shapes += 1
    return "".join(pieces)


def _row(y: str, places: list[str], mark: str) -> str:
    """Marks of one height, which a longer row of them says once."""
    if len(places) < 4:
        return "".join(f'{mark}{x}" y="{y}"/>' for x in places)
    uses = "".join(f'{mark}{x}"/>' for x in places)
    return f'<g transform="translate(0,{y})">{uses}</g>'


def _look(piece: str) -> tuple[str, str]:
    parts = _PARTS.fullmatch(piece)
    return (parts[3], parts[4]) if parts else ("", "")
