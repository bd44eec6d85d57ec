"""The page's figures as files of their own: an SVG each, with its key, on white."""

import html
import re
from pathlib import Path

from perbatch.analysis.results import Results
from perbatch.analysis.variants import variants
from perbatch.files import replace
from perbatch.report.figures.style import FONT, INK
from perbatch.report.figures.svg import Panel
from perbatch.report.page_figures import panels

MARGIN, ROW = 12, 20  # pixels


def write_figures(results: Results, folder: Path) -> list[Path]:
    """Write every panel of the page as NAME.svg into `folder`, in place of what it held; return the files."""
    files = []
    for name, panel in panels(variants(results)[0]).items():
        files.append(folder / f"{name}.svg")
        replace(files[-1], standalone(panel))
    for old in set(folder.glob("*.svg")) - set(files):
        old.unlink()
    return files


def standalone(panel: Panel) -> str:
    """Return the panel as an SVG that needs no page: title above, key below, white behind."""
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', panel.svg)
    assert size is not None
    wide, high = float(size[1]), float(size[2])
    top = MARGIN + (ROW if panel.title else 0)
    width, height = wide + 2 * MARGIN, top + high + ROW * len(panel.keys) + MARGIN
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
