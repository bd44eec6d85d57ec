"""How far reading, resizing and writing are, said where it takes long enough to be wondered at."""

import os
import sys
from collections.abc import Iterator, Sequence
from typing import TypeVar

from tqdm import tqdm

DELAY = 2.0
"""Seconds after which it is said."""

LOG_SECONDS = 15.0
"""Between two lines where no terminal is."""

_LINE = "{desc}: {n_fmt} of {total_fmt}{unit}, {elapsed} elapsed, {remaining} to go\n"


T = TypeVar("T")


class _Lines(tqdm):
    """A line now and then, for a log."""

    def display(self, msg: str | None = None, pos: int | None = None) -> None:
        self.mininterval = LOG_SECONDS  # the first comes after the delay
        super().display(msg, pos)


def bar(what: str, total: int, unit: str = "B") -> tqdm:
    """Return a bar to be updated, of one line on a terminal, or of plain lines; nothing of what is quick."""
    options = {"total": total, "desc": what, "unit": unit, "unit_scale": True, "delay": DELAY}
    if sys.stderr.isatty():
        return tqdm(**options, leave=False, **width())
    return _Lines(**options, bar_format=_LINE, mininterval=DELAY, miniters=1, ascii=True)


def width() -> dict[str, int]:
    """Return how wide a bar is: a terminal whose size nobody set has no room, and tqdm would show nothing."""
    columns = os.get_terminal_size(sys.stderr.fileno()).columns
    return {"dynamic_ncols": True} if columns else {"ncols": 80, "nrows": 24}


def each_of(items: Sequence[T], what: str) -> Iterator[T]:
    """Give the items one by one, and show how many have been taken."""
    with bar(what, len(items), "") as shown:
        for item in items:
            yield item
            shown.update()
