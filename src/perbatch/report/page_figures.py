"""The one list of the page's figures. What follows from it: the page, its numbers, and an SVG file each."""

import html
from dataclasses import replace
from pathlib import Path

from perbatch import files
from perbatch.analysis.results import Results, fact
from perbatch.analysis.variants import variants
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
from perbatch.report.figures.style import FONT, INK
from perbatch.report.figures.svg import Panel

MODULES = (
    *(strips, curves, own, explorer, rates, best_rates, scores, targets, throughput),
    *(repeats, kept, stability, memory),
)
"""In the order of their figures' numbers."""

MARGIN, ROW = 12, 20  # pixels, of a figure's file

FIGURES: tuple[Figure, ...] = tuple(module.FIGURE for module in MODULES)


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


def write_figures(results: Results, folder: Path) -> list[Path]:
    """Write every panel of the page as NAME.svg into `folder`, in place of what it held; return the files."""
    written = []
    for name, panel in panels(variants(results)[0]).items():
        written.append(folder / f"{name}.svg")
        files.replace(written[-1], standalone(panel))
    for old in set(folder.glob("*.svg")) - set(written):
        old.unlink()
    return written


def standalone(panel: Panel) -> str:
    """Return the panel as an SVG that needs no page: title above, key below, white behind."""
    high, top = panel.height, MARGIN + (ROW if panel.title else 0)
    width, height = panel.width + 2 * MARGIN, top + high + ROW * len(panel.keys) + MARGIN
    parts = [f'<rect width="{width:g}" height="{height:g}" fill="#ffffff"/>']
    if panel.title:
        parts.append(_text(MARGIN, MARGIN + 10, panel.title, "bold"))
    parts.append(panel.svg.replace("<svg ", f'<svg x="{MARGIN}" y="{top}" height="{high:g}" ', 1))
    for place, key in enumerate(panel.keys):
        y = top + high + ROW * place + 4
        parts.append(key.sample.replace("<svg ", f'<svg x="{MARGIN}" y="{y:g}" ', 1))
        parts.append(_text(MARGIN + 42, y + 11, key.name, "normal"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" font-family="{FONT}">'
        f"<title>{html.escape(panel.label)}</title>{''.join(parts)}</svg>\n"
    )


def _text(x: float, y: float, words: str, weight: str) -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="12" font-weight="{weight}" fill="{INK}">'
        f"{html.escape(words)}</text>"
    )
