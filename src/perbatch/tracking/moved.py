"""A store that was moved or copied with its checkout: what it says of its artifacts' places is made right."""

import logging
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from perbatch.tracking import lost, sqlite_file
from perbatch.tracking.server import ANSWER_SECONDS, StoreUnavailable
from perbatch.tracking.stale import LOCK_TAG

log = logging.getLogger(__name__)

ARTIFACTS = "mlartifacts"
COLUMNS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)
"""Columns of MLflow's tables that hold the address of a folder below the store's."""

LOCATIONS = """
SELECT DISTINCT e.artifact_location FROM experiments e JOIN experiment_tags t USING (experiment_id)
WHERE t.key = ?
"""


def mend(database: Path, key: str) -> None:
    """Let the store in a file find its artifacts beside it, where it was made beside others.

    `key` is the tag of the experiments that are ours. A store that was moved alone keeps its artifacts where
    they are. Raises StoreUnavailable where what is wrong cannot be written.
    """
    for old in _roots(database, key):
        if _is_here(old, database.parent):
            continue
        try:
            _move(database, old)
        except sqlite3.Error as error:
            raise StoreUnavailable(
                f"the MLflow store {database} was moved here from {old}, and cannot be written to say so "
                f"({error}); make it writable"
            ) from None
        log.warning("the MLflow store was moved here from %s: its artifacts are now looked for here", old)


def _roots(database: Path, key: str) -> set[Path]:
    """The folders beside which the artifacts of our experiments were to lie."""
    found = sqlite_file.rows(database, LOCATIONS, key) or []
    places = filter(None, (lost.local(location) for (location,) in found))
    return {place.parents[1] for place in places if len(place.parents) > 1 and place.parent.name == ARTIFACTS}


def _is_here(old: Path, here: Path) -> bool:
    """Whether the artifacts are where the store says: in this folder by another name, or left elsewhere."""
    if old == here or (os.path.exists(old) and os.path.samefile(old, here)):
        return True
    return os.path.isdir(old / ARTIFACTS) and not os.path.isdir(here / ARTIFACTS)


def _move(database: Path, old: Path) -> None:
    """Put the new folder in the place of the old one, all or nothing."""
    before, after = old.as_uri(), database.parent.as_uri()
    with closing(sqlite3.connect(database, timeout=ANSWER_SECONDS)) as connection, connection:
        for table, column in COLUMNS:
            connection.execute(
                f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE substr({column}, 1, ?) = ?",
                (after, len(before) + 1, len(before) + 1, f"{before}/"),
            )
        locks = f"{old}/"
        connection.execute(
            "UPDATE tags SET value = ? || substr(value, ?) WHERE key = ? AND substr(value, 1, ?) = ?",
            (str(database.parent), len(locks), LOCK_TAG, len(locks), locks),
        )
