"""What MkDocs calls while it builds the site: the generated tables, and formulas as MathML."""

import html
import re
import sys
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert

sys.path.insert(0, str(Path(__file__).parent))

import config_reference

MARK = "<!-- generated: config -->"
FORMULA = re.compile(
    r'<(?P<tag>span|div) class="arithmatex">\\(?P<open>[(\[])(?P<tex>.*?)\\[)\]]</(?P=tag)>', re.DOTALL
)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the tables of config keys where the page asks for them."""
    return markdown.replace(MARK, config_reference.text()) if MARK in markdown else markdown


def on_page_content(content: str, **_: Any) -> str:
    """Turn formulas into MathML, which browsers draw without a script."""
    return FORMULA.sub(_mathml, content)


def _mathml(found: re.Match[str]) -> str:
    display = "block" if found["open"] == "[" else "inline"
    drawn = convert(html.unescape(found["tex"]).strip(), display=display)
    return f'<div class="formula">{drawn}</div>' if display == "block" else drawn
