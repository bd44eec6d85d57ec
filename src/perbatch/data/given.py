"""Checks of what a reader's settings in YAML may be, shared by the readers."""

import unicodedata
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from perbatch.advice import override
from perbatch.errors import UserError


def path_of(value: object) -> Path:
    """The path of `data.reader.path`; a UserError where it is none."""
    if not isinstance(value, str | Path) or not str(value) or "\0" in str(value):
        raise UserError(f"data.reader.path is {value!r}; the path of a file or folder is needed")
    if not is_text(str(value)):
        raise UserError(f"data.reader.path is {str(value)!a}; a name in UTF-8 is needed")
    return Path(value)


def is_text(name: str) -> bool:
    """Whether a name can be written in UTF-8; that of a file may hold any bytes."""
    try:
        name.encode()
    except UnicodeError:
        return False
    return True


def alike(name: str, names: Sequence[str]) -> str | None:
    """The name as it stands, or the one that is it in another of Unicode's forms; None if none is."""
    if name in names:
        return name
    composed = partial(unicodedata.normalize, "NFC")  # letters with their marks as one character each
    same = [other for other in names if composed(other) == composed(name)]
    if len(same) > 1:
        raise UserError(f"several names read {name!r}: {', '.join(map(ascii, same))}; name one exactly")
    return same[0] if same else None


def names(key: str, value: object) -> tuple[str, ...]:
    """A list of names; a UserError where `data.reader.KEY` is something else, a lone name too."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        given = [] if value is None else [value]
        raise UserError(
            f"data.reader.{key} is {value!r}; a list is needed, as {override(f'data.reader.{key}', given)}"
        )
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
