"""What is wrong with a user's data, all of it in one sentence: a count, and the first ten."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from perbatch import advice
from perbatch.errors import UserError

MOST = 10
"""How many of a kind a sentence names."""

LONGEST = 200
"""Columns that an advised list may name: more than that nobody types."""

Row = Callable[[int], str]
"""Names a row, numbered from 0 here, as the user's own tools count it."""


def listed(items: Sequence[str], count: int | None = None) -> str:
    """The first ten, and how many more there are; `count` of them all, where not all are given."""
    more = (len(items) if count is None else count) - MOST
    return ", ".join(items[:MOST]) + (f" and {more} more" if more > 0 else "")


def counted(number: int, what: str) -> str:
    """`1 row`, `3 rows`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def at_rows(rows: Sequence[int] | np.ndarray, row: Row) -> str:
    """`2 rows, row 3 (...), row 5 (...)`, the first ten of them."""
    named = [row(int(number)) for number in rows[:MOST]]
    return f"{counted(len(rows), 'row')}, {listed(named, len(rows))}"


def dropping(names: Iterable[str], dropped: Sequence[str]) -> str:
    """The override that leaves columns out besides those that are left out already."""
    every = [*dropped, *names]
    if len(every) > LONGEST or not all(name.isprintable() for name in every):
        return "data.reader.drop"
    return advice.leave_out(every)


def refuse(problems: Sequence[str]) -> None:
    """A UserError that says them all; nothing where there are none."""
    if problems:
        raise UserError("; ".join(problems))


@contextmanager
def together(problems: Sequence[str]) -> Iterator[None]:
    """Around what may raise a UserError: one that says it and the other problems, or these alone."""
    try:
        yield
    except UserError as error:
        problems = [str(error), *problems]
    refuse(problems)
