"""The sections of docs/tables.md, which the library's lists of columns make: `make pictures` writes them."""

import argparse
import re
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from perbatch.analysis.columns import TABLES  # noqa: E402
from perbatch.columns import HISTORY, RUNS, THROUGHPUT, Column  # noqa: E402

PAGE = ROOT / "docs" / "tables.md"
SECTIONS = {"runs.csv": RUNS, "history.csv": HISTORY, **TABLES, "throughput.csv": THROUGHPUT}


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
        *((", ".join(f"`{name}`" for name in _names(each)), each.unit, each.meaning) for each in columns),
    ]
    return "".join(f"| {name} | {unit}{' ' * bool(unit)}| {meaning} |\n" for name, unit, meaning in cells)


def _names(column: Column) -> list[str]:
    return [column.name, "_low", "_high"] if column.interval else [column.name]


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
