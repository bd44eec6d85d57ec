"""The one list of the page's figures. What follows from it: the page, its numbers, and the SVG files."""

from dataclasses import replace

from perbatch.analysis.results import Results, fact
from perbatch.report.figures import (
    best_rates,
    curves,
    explorer,
    kept,
    memory,
    own,
    rates,
    repeats,
    scores,
    stability,
    strips,
    targets,
    throughput,
)
from perbatch.report.figures.figure import Drawing, Figure
from perbatch.report.figures.svg import Panel

FIGURES: tuple[Figure, ...] = (
    strips.FIGURE,
    curves.FIGURE,
    own.FIGURE,
    explorer.FIGURE,
    rates.FIGURE,
    best_rates.FIGURE,
    scores.FIGURE,
    targets.FIGURE,
    throughput.FIGURE,
    repeats.FIGURE,
    kept.FIGURE,
    stability.FIGURE,
    memory.FIGURE,
)
"""In the order of their numbers."""


@fact
def page_figures(results: Results) -> dict[str, Drawing]:
    """Draw every figure of the page, by name; a drawing is falsy where the data have nothing to show."""
    return {figure.name: figure.draw(results) for figure in FIGURES}


def panels(results: Results) -> dict[str, Panel]:
    """Return every panel of the page by name, with the key that it shares, for an SVG file of its own."""
    return {
        panel.name: replace(panel, keys=panel.keys or tuple(drawing.keys))
        for drawing in page_figures(results).values()
        for panel in drawing.panels
    }
