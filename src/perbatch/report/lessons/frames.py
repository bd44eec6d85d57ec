"""The events of a pass as pictures: a map of the two weights above, the eight examples in a row below."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from perbatch.report.figures.style import GRID, INK, MODES, QUIET, RULE
from perbatch.report.lessons.steps import LESSONS, Event, Lesson, X, Y, events

SCALE, LEFT, TOP = 96, -1.25, 1.2  # pixels a unit; the slope and the offset at the upper left corner
WIDE, HIGH, ROW = 300, 270, 250
HEAD, RADIUS = 6, 10
LEVELS = (0.35, 0.7, 1.05, 1.4, 1.75)
"""Where the rings are drawn: distances of the offset from the best one."""

Place = tuple[float, float]


@dataclass(frozen=True)
class Frame:
    """An event's picture and words, and whether it stands in the strip too."""

    svg: str
    words: str
    in_strip: bool


@dataclass(frozen=True)
class Reel:
    """A mode's frames, in order."""

    name: str
    title: str
    frames: tuple[Frame, ...]


def reels() -> list[Reel]:
    """Return every mode's frames; they use the shapes of `ground`."""
    return [Reel(lesson.name, lesson.title, tuple(_frames(lesson))) for lesson in LESSONS]


def ground() -> str:
    """Return the shapes that all frames share, as SVG that shows nothing: rings of equal loss, examples."""
    # A line's squared error is a bowl: its rings are ellipses around the best slope and offset.
    design = np.column_stack([X[:, 0], np.ones(len(X))])
    best = _at(*np.linalg.lstsq(design, Y, rcond=None)[0].tolist())
    stretch = 1 / math.sqrt(float(np.mean(X**2)))
    middle = f'cx="{best[0]:g}" cy="{best[1]:g}"'
    rings = "".join(
        f'<ellipse {middle} rx="{level * SCALE * stretch:.1f}" ry="{level * SCALE:.1f}"/>' for level in LEVELS
    )
    cross = f'<path d="M{best[0] - 5:g} {best[1]:g}h10m-5-5v10" stroke-width="1.6"/>'
    digits = "".join(
        f'<text x="{_column(place):g}" y="{ROW + 4}">{place + 1}</text>' for place in range(len(X))
    )
    circles = "".join(
        f'<circle id="step-{place}" cx="{_column(place):g}" cy="{ROW}" r="{RADIUS}"/>'
        for place in range(len(X))
    )
    return (
        '<svg id="step-shapes" width="0" height="0" aria-hidden="true"><defs>'
        f'<clipPath id="step-map"><path d="M0 0h{WIDE}v{ROW - 20}H0z"/></clipPath>'
        '<g id="step-rings" fill="none" stroke-width="1.5" stroke-opacity=".6" clip-path="url(#step-map)">'
        f"{rings}</g>"
        f'<g id="step-marks">{cross}<g font-size="12" text-anchor="middle" stroke="none">{digits}</g></g>'
        f"{circles}</defs></svg>"
    )


def as_table() -> str:
    """Return every event as a row of CSV: the mode, the step, the counts so far and the weights."""
    rows = ["update,step,event,gradients,updates,looks,slope,offset"]
    for lesson in LESSONS:
        for number, event in enumerate(events(lesson)):
            gradients, updates, looks = event.counts
            slope, offset = event.path[-1]
            what = f'"{lesson.title}",{number},{event.kind},{gradients},{updates},{looks}'
            rows.append(f"{what},{slope:.4f},{offset:.4f}")
    return "\n".join(rows)


def _frames(lesson: Lesson) -> Iterable[Frame]:
    told = events(lesson)
    for number, event in enumerate(told):
        gradients, updates, looks = event.counts
        label = f"{lesson.title}, step {number} of {len(told) - 1}: gradients {gradients}, updates {updates}"
        label += f", looks {looks}." if lesson.tolerance is not None else "."
        yield Frame(_drawn(event, MODES[lesson.name].colour, label), event.words, number in lesson.strip)


def _drawn(event: Event, colour: str, label: str) -> str:
    places, moved = [_at(*weights) for weights in event.path], event.kind == "update"
    here, base = places[-1], places[-2 if moved else -1]
    # Colours stand where a shape is used: the page's rules for dark screens do not reach into it.
    parts = [
        f'<use href="#step-rings" stroke="{RULE}"/>',
        f'<use href="#step-marks" stroke="{INK}" fill="{INK}"/>',
    ]
    been = places[:-1] if moved else places
    if len(been) > 1:
        trail = "L".join(f"{x:g} {y:g}" for x, y in been)
        parts.append(_path(f"M{trail}", RULE, "2 3"))
    slope, offset = event.path[-2 if moved else -1]
    arrows = [_arrow(base, _at(slope + right, offset + up)) for right, up in event.pile]
    if moved:  # the pile, faint, beside its mean
        parts += [_path("".join(arrows), RULE), _path(_arrow(base, here), colour, width=4)]
    elif arrows:
        parts += [_path("".join(arrows[:-1]), QUIET)] if arrows[:-1] else []
        parts.append(_path(arrows[-1], INK, width=3))
    parts.append(f'<circle cx="{here[0]:g}" cy="{here[1]:g}" r="5" fill="{colour}"/>')
    return _svg(label, "".join([*parts, *_examples(event, colour)]))


def _path(data: str, colour: str, dash: str = "", width: float = 1.5) -> str:
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<path d="{data}" fill="none" stroke="{colour}" stroke-width="{width:g}"{dashes}/>'


def _examples(event: Event, colour: str) -> Iterable[str]:
    """The examples that wait, those that were shown, and those that this event is about."""
    others = [place for place in range(len(X)) if place not in event.now]
    groups = (
        (f'stroke="{GRID}"', [place for place in others if place >= event.seen]),
        (f'stroke="{RULE}" stroke-width="1.5"', [place for place in others if place < event.seen]),
        (f'stroke="{colour}" stroke-width="3"', event.now),
    )
    for style, places in groups:
        if places:
            circles = "".join(f'<use href="#step-{place}"/>' for place in places)
            yield f'<g fill="none" {style}>{circles}</g>'


def _svg(label: str, body: str) -> str:
    return f'<svg viewBox="0 0 {WIDE} {HIGH}" role="img" aria-label="{label}">{body}</svg>'


def _arrow(start: Place, end: Place) -> str:
    """A line with two short ones at its end, as the data of a path; too short for a head, only the line."""
    (x, y), (a, b) = start, end
    line = f"M{x:g} {y:g}L{a:g} {b:g}"
    long = math.hypot(a - x, b - y)
    if long < HEAD:
        return line
    angle = math.atan2(b - y, a - x)
    ends = [(a - HEAD * math.cos(angle + turn), b - HEAD * math.sin(angle + turn)) for turn in (-0.5, 0.5)]
    return f"{line}M{ends[0][0]:.1f} {ends[0][1]:.1f}L{a:g} {b:g}L{ends[1][0]:.1f} {ends[1][1]:.1f}"


def _at(slope: float, offset: float) -> Place:
    return round((slope - LEFT) * SCALE, 1), round((TOP - offset) * SCALE, 1)


def _column(place: int) -> float:
    return round((place + 0.5) * WIDE / len(X), 1)
