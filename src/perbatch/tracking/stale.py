"""Runs that a killed process left RUNNING."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from filelock import FileLock, Timeout

from perbatch.tracking import sqlite_file

if TYPE_CHECKING:
    from perbatch.tracking.store import Store

LOCK_TAG, HOST_TAG = "perbatch.lock", "perbatch.host"
PARENT_TAG = "mlflow.parentRunId"

RUNNING = """
SELECT run.run_uuid, host.value, lock.value FROM runs run
JOIN tags host ON host.run_uuid = run.run_uuid AND host.key = ?
JOIN tags lock ON lock.run_uuid = run.run_uuid AND lock.key = ?
WHERE run.status = 'RUNNING' AND run.lifecycle_stage = 'active'
"""


class Running(NamedTuple):
    """A run that the store says is RUNNING, its host, and the file that it holds a lock on."""

    run_id: str
    host: str
    lock: Path


class Here(NamedTuple):
    """Where runs are judged: on a host, and by a folder whose locks are seen whichever host holds them."""

    host: str
    shared: Path | None

    def sees(self, host: str, lock: Path) -> bool:
        """Return whether it can be told here if a process of that host holds the lock."""
        return host == self.host or (self.shared is not None and lock.is_relative_to(self.shared))


def read_running(database: Path) -> list[Running]:
    """Return what an SQLite store says is RUNNING, read without MLflow, whose import takes seconds."""
    rows = sqlite_file.rows(database, RUNNING, HOST_TAG, LOCK_TAG) or []
    return [Running(run_id, host, Path(lock)) for run_id, host, lock in rows]


def close_stale(
    store: "Store", here: Here, verdict: Callable[[Path, str], str | None], parents: Iterable[str] = ()
) -> int:
    """End all runs that are RUNNING although nobody is at work on them, as can be told here; count them.

    A run names its lock's file and its host in tags. `verdict` gets the lock and the run's id and returns
    how the run ended, None where a process holds the lock. Runs that jobs of a sweep began on other hosts
    are judged with it: those nested under one of `parents`, or under a parent that is ended here.
    """
    experiments = [each.experiment_id for each in store.client.search_experiments()]
    running = store.runs(experiments, "attributes.status = 'RUNNING'")
    ended, dead = 0, set(parents)
    for run in sorted(running, key=lambda run: PARENT_TAG in run.data.tags):  # parents first
        tags = run.data.tags
        lock = Path(tags.get(LOCK_TAG, ""))
        if here.sees(tags.get(HOST_TAG, ""), lock) or tags.get(PARENT_TAG) in dead:
            status = verdict(lock, run.info.run_id)
            if status is not None:
                store.client.set_terminated(run.info.run_id, status)
                dead.add(run.info.run_id)
                ended += 1
    return ended


def held(path: Path) -> bool:
    """Return whether a process holds the lock; a file that is not there is no lock.

    One that may not be opened is another user's, who alone can tell.
    """
    try:
        if not path.is_file():
            return False
        with FileLock(path, timeout=0):
            return False
    except (Timeout, PermissionError):
        return True
