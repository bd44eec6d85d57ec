"""Table files as numbers and texts, read strictly: what other readers would guess or repair is refused."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from perbatch.advice import separator
from perbatch.data.given import alike
from perbatch.data.problems import Row, listed
from perbatch.errors import UserError

CELLS = 500_000_000
"""Rows times columns that a table may have: 4 GB as numbers."""

SEPARATORS = (";", "\t", "|", ",")
"""What parts values in files of text."""


@dataclass
class Frame:
    """A table: its features in the file's order, and its target.

    `X` is (n, d) float64, nan where a column has no value or is not of numbers; those columns stand in
    `texts` by their place, missing values null. `large` are the places of columns with whole numbers
    beyond 2^53.
    """

    names: list[str]
    X: np.ndarray
    texts: dict[int, pa.Array]
    large: list[int]
    target: np.ndarray | pa.Array
    row: Row


def wanted(path: Path, names: Sequence[str], target: str, drop: Sequence[str]) -> tuple[str, list[str]]:
    """The target and the features, as the file calls them; a UserError where it has no such, or several."""
    known = set(names)
    own, *dropped = (name if name in known else called(path, names, name) for name in (target, *drop))
    if own in dropped:
        raise UserError(f"data.reader.drop has {target!r}, which is the target")
    left_out = {own, *dropped}
    features = [name for name in names if name not in left_out]
    if not features:
        raise UserError(f"{path.name} has no column beside the target; at least one feature is needed")
    return own, features


def called(path: Path, names: Sequence[str], name: str) -> str:
    """How the file spells a name: as given, or in another of Unicode's forms of the same letters."""
    own = alike(name, names)
    if own is None:
        hint = _other_separator(names[0]) if len(names) == 1 else ""
        more = f" and {len(names) - 20} more" if len(names) > 20 else ""
        shown = ", ".join(map(repr, names[:20]))
        raise UserError(f"{path.name} has no column {name!r}; it has {shown}{more}{hint}")
    return own


def _other_separator(only: str) -> str:
    mark = next((mark for mark in SEPARATORS if mark in only), None)
    return f": with {separator(mark)} it has {only.count(mark) + 1}" if mark else ""


def check_names(path: Path, names: Sequence[str]) -> None:
    """Refuse columns without a name, and names that stand twice."""
    unnamed = [str(place) for place, name in enumerate(names, start=1) if not name.strip()]
    if len(unnamed) == 1:
        raise UserError(f"column {unnamed[0]} of {path.name} has no name in the first row; each needs one")
    if unnamed:
        raise UserError(f"columns {listed(unnamed)} of {path.name} have no name in the first row")
    doubled = [(name, count) for name, count in Counter(names).items() if count > 1]
    if doubled:
        counts = listed([f"{count} columns called {name!r}" for name, count in doubled])
        raise UserError(f"{path.name} has {counts}; names must differ")
