"""A figure's key shows its series as they are drawn: colour, dash, shape, filled or hollow."""

import re

import pytest

from perbatch.report.figures.throughput import throughput_panel
from perbatch.report.page_figures import panels as panels_of
from planted import N, contender, planted_throughput, results_of, usual_runs

# How Vega draws a shape, and how the key does.
DRAWN = {
    "circle": r"M[\d.]+,0A",
    "square": r"M-[\d.]+,-[\d.]+h",
    "diamond": r"M-([\d.]+),0L0,-",
    "triangle up": r"M0,-",
    "triangle down": r"M0,[\d.]+L-",
    "cross": r"M-([\d.]+),-([\d.]+)L-\1,\2L",
}
KEYS = {
    "circle": r"<circle",
    "square": r"<rect",
    "diamond": r'd="M17 1l',
    "triangle up": r'd="M11 12h',
    "triangle down": r'd="M11 2h',
    "cross": r'd="M15.4 2.2h',
}
PANELS = ["best-rates", "repeat-updates", "repeat-evaluations", "target-updates", "throughput", "kept"]


@pytest.fixture(scope="module")
def panels():
    runs = [
        *usual_runs(),
        *contender(200, n=1, tolerance=0.1),
        *contender(300, n=10),
        *contender(300, n=3),
        *contender(50, n=3, tolerance=0.1),
        *contender(50, n=10, tolerance=0.3),
        *contender(50, n=10, tolerance=0.03),
        *contender(700, batch_size=N, n=10, tolerance=0.1),
    ]
    return panels_of(results_of(runs))


@pytest.mark.parametrize("name", PANELS)
def test_each_line_of_the_key_is_drawn_with_its_dash(panels, name):
    drawn = set()
    for path in re.findall(r'<path d="M[^"]*L[^"]*"[^>]*>|<line [^>]*>', panels[name].svg):
        colour, dash = (re.search(rf'{key}="([^"]*)"', path) for key in ("stroke", "stroke-dasharray"))
        drawn.add((colour and colour[1], dash[1] if dash else "1,0"))
    for key in panels[name].keys:
        line = re.search(r'd="M0 7h34" stroke="(.*?)" .*?stroke-dasharray="(.*?)"', key.sample)
        assert line is None or (line[1], line[2].replace(" ", ",")) in drawn, (key.name, drawn)


@pytest.mark.parametrize("name", PANELS)
def test_each_mark_of_the_key_is_drawn_so(panels, name):
    marks = re.findall(r'(?: d="(M[^"]*)"[^>]*?)(fill|stroke)="(#\w+)"', panels[name].svg)
    shared = re.findall(
        r'<g ?(fill|stroke)="(#\w+)"[^>]*><defs><path id="[^"]*" d="([^"]*)"', panels[name].svg
    )
    marks += [(shape, how, colour) for how, colour, shape in shared]
    drawn = {
        (shape, colour, how)
        for outline, how, colour in marks
        for shape, pattern in DRAWN.items()
        if re.match(pattern, outline)
    }
    checked = 0
    for key in panels[name].keys:
        if "hollow: " in key.name or "filled: " in key.name or key.name.startswith("at the grid"):
            continue  # of marks in all colours
        for shape, pattern in KEYS.items():
            if (
                mark := re.search(r'<\w+ [^>]*?fill="(.*?)"', key.sample)
                if re.search(pattern, key.sample)
                else None
            ):
                how = "stroke" if mark[1] == "none" else "fill"
                assert (shape, mark[1], how) in drawn or how == "stroke", (key.name, shape, sorted(drawn))
                checked += 1
    assert checked >= 2


def test_what_is_kept_is_told_by_fill_and_the_series_by_shape(panels):
    names = [key.name for key in panels["kept"].keys]
    assert {"hollow: satisfied when left", "filled: still satisfied at the epoch's end"} < set(names)
    assert {"skip what is satisfied", "until loss 0.1", "until loss 0.3"} < set(names)


def test_powers_of_two_lie_on_top_of_their_neighbours():
    svg = throughput_panel(planted_throughput(), "throughput").svg
    assert svg.rindex('fill="#0072B2"') < svg.index('fill="#D55E00"')
