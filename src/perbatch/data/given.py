"""Checks of what a reader's settings in YAML may be, shared by the readers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from perbatch.errors import UserError


def path_of(value: object) -> Path:
    """The path of `data.reader.path`; a UserError where it is none."""
    if not isinstance(value, str | Path) or not str(value) or "\0" in str(value):
        raise UserError(f"data.reader.path is {value!r}; the path of a file or folder is needed")
    return Path(value)


def names(key: str, value: object) -> tuple[str, ...]:
    """A list of names; a UserError where `data.reader.KEY` is something else, a lone name too."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise UserError(f"data.reader.{key} is {value!r}; a list is needed, as [{value}]")
    return tuple(str(name) for name in value)


def check_flag(key: str, value: object) -> None:
    """A UserError where `data.reader.KEY` is neither true nor false."""
    if not isinstance(value, bool):
        raise UserError(f"data.reader.{key} is {value!r}; allowed are true and false")


def missing(path: Path, what: str) -> UserError:
    """What to raise where nothing of that kind is at the path."""
    return UserError(
        f"data.reader.path is {str(path)!r}: there is no such {what} (looked for in {Path.cwd()})"
    )
