"""The notebook of the documentation, as a script."""

import ast
import json

from blocks import ROOT

NOTEBOOK = ROOT / "docs" / "how-to" / "results.ipynb"
CELLS = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
SHOWN = """
def _shown(value):
    draw = getattr(value, "_repr_mimebundle_", None) or getattr(value, "_repr_html_", None)
    print(f"shown: {draw()!s:.60}" if draw else f"shown: {value}")
"""
"""What a notebook does with the last value of a cell."""


def program() -> str:
    """Return the cells' code as one script, which shows each cell's last value."""
    lines = [SHOWN]
    for cell in CELLS:
        if cell["cell_type"] == "code":
            *statements, last = ast.parse("".join(cell["source"])).body
            shown = f"_shown({ast.unparse(last)})" if isinstance(last, ast.Expr) else ast.unparse(last)
            lines += [*map(ast.unparse, statements), shown]
    return "\n".join(lines)
