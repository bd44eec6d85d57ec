"""The embedded store's file: checked and read without MLflow, whose import takes seconds; made with it."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from perbatch.advice import ELSEWHERE
from perbatch.tracking.server import ANSWER_SECONDS, StoreUnavailable

LEAST = 2**16
"""Bytes that a disk has left which is not full."""

MOVE_IT_AWAY = f"move it away, and the next sweep fills a new one from the run folders, or {ELSEWHERE}"


def check(path: Path, with_runs: bool = False) -> None:
    """Raise StoreUnavailable, within seconds, where the file is no database or cannot be written.

    `with_runs` says that the runs lie in the same folder: where that cannot be written, no other store helps.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            probe = path.with_name(f".{path.name}.probe")
            probe.touch()
            probe.unlink()
            return
        with closing(sqlite3.connect(path, timeout=ANSWER_SECONDS)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            # A transaction alone is granted on a read-only file too.
            connection.execute("CREATE TABLE perbatch_probe (x)")
            connection.rollback()
    except (sqlite3.Error, OSError) as error:
        if _is_full(path.parent):  # SQLite calls that an I/O error
            raise StoreUnavailable(
                f"the MLflow store {path} cannot be written, for its disk is full; make room, or {ELSEWHERE}"
            ) from None
        if type(error) is sqlite3.DatabaseError:  # no database, or a malformed one
            raise StoreUnavailable(f"the MLflow store {path} is broken ({error}); {MOVE_IT_AWAY}") from None
        shut = with_runs and not os.access(path.parent, os.W_OK)
        mend = f"make {path.parent} writable" if shut else f"make it writable, or {ELSEWHERE}"
        reason = error.strerror if isinstance(error, OSError) else _refusal(path) or error
        raise StoreUnavailable(f"the MLflow store {path} cannot be written ({reason}); {mend}") from None


def _refusal(path: Path) -> str | None:
    """What the system says of the file, where SQLite says only that it cannot open it."""
    try:
        path.open("r+b").close()
    except OSError as error:
        return error.strerror
    return None


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < LEAST
    except OSError:
        return False


def rows(path: Path, query: str, *values: str) -> list[tuple[Any, ...]] | None:
    """Read rows; None where there is no store yet, or a broken one, which others say."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            return connection.execute(query, values).fetchall()
    except sqlite3.Error:
        return None


def read(path: Path, query: str, *values: str) -> object:
    """Read one value; None where there is none, or no store."""
    found = rows(path, query, *values)
    return found[0][0] if found else None


def make(path: Path) -> None:
    """Make the store whole or not at all: MLflow cannot go on with one whose making was killed."""
    from mlflow import MlflowClient

    unfinished = path.with_name(f"{path.name}.unfinished")
    for left in path.parent.glob(f"{unfinished.name}*"):
        left.unlink()
    MlflowClient(tracking_uri=f"sqlite:///{unfinished}").search_experiments(max_results=1)
    unfinished.replace(path)


def let_readers_in(path: Path) -> None:
    """Let readers no longer wait for writers; the setting stays in the file."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
