"""What the embedded store names and does not have: runs that were collected, artifacts that were deleted."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from perbatch.tracking import sqlite_file

RUNS = "SELECT run_uuid, artifact_uri FROM runs"


class Lost(NamedTuple):
    """Ids of runs that the store does not know any more, and of runs whose artifacts are not there."""

    gone: frozenset[str]
    bare: frozenset[str]


def of_runs(database: Path, ids: Iterable[str]) -> Lost:
    """Return which of the runs, all of which had artifacts, the store in a file has lost.

    A run that was deleted in MLflow and not collected is not lost: MLflow can restore it.
    """
    rows = sqlite_file.rows(database, RUNS)
    if rows is None:
        return Lost(frozenset(), frozenset())
    places = dict(rows)
    asked = frozenset(ids)
    gone = asked - places.keys()
    return Lost(gone, frozenset(each for each in asked - gone if is_missing(places[each])))


def is_missing(address: str) -> bool:
    """Return whether an address of artifacts is that of a folder that is not there, or is empty."""
    folder = local(address)
    if folder is None:
        return False
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is None
    except (FileNotFoundError, NotADirectoryError):
        return True


def local(address: str) -> Path | None:
    """Return the folder that an address means, None where it is not one of this machine."""
    parts = urlsplit(address)
    return Path(unquote(parts.path)) if parts.scheme in ("", "file") else None
