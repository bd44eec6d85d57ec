"""The sections of docs/tables.md that the library's list of columns makes: `make pictures` writes them."""

import re
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from perbatch.columns import HISTORY, RUNS, Column  # noqa: E402

PAGE = ROOT / "docs" / "tables.md"
SECTIONS = {"runs.csv": RUNS, "history.csv": HISTORY}


def written(page: str) -> str:
    """Return the page with its tables of SECTIONS made anew."""
    for name, columns in SECTIONS.items():
        table = re.compile(rf"(^## {re.escape(name)}\n.*?\n\n)(?:\|[^\n]*\n)+", re.MULTILINE | re.DOTALL)
        page, count = table.subn(lambda found, columns=columns: found[1] + _rows(columns), page, count=1)
        assert count, f"{PAGE} has no table in its section {name}"
    return page


def _rows(columns: Iterable[Column]) -> str:
    cells = [
        ("column", "unit", "meaning"),
        ("---", "---", "---"),
        *((f"`{each.name}`", each.unit, each.meaning) for each in columns),
    ]
    return "".join(f"| {name} | {unit}{' ' * bool(unit)}| {meaning} |\n" for name, unit, meaning in cells)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
