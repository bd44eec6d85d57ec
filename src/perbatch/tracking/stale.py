"""Runs that a killed process left RUNNING."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

if TYPE_CHECKING:
    from mlflow.entities import Run

    from perbatch.tracking.store import Store

LOCK_TAG, HOST_TAG = "perbatch.lock", "perbatch.host"
PARENT_TAG = "mlflow.parentRunId"
PAGE = 1000


def close_stale(
    store: "Store", host: str, verdict: Callable[[Path, str], str | None], parents: Iterable[str] = ()
) -> int:
    """End all runs of this host that are RUNNING although nobody is at work on them; count them.

    A run names its lock's file and its host in tags. `verdict` gets the lock and the run's id and returns
    how the run ended, None where a process holds the lock. Runs that jobs of a sweep of this host began on
    other hosts are judged with it: those nested under one of `parents`, or under a parent that is ended here.
    """
    running = sorted(_running(store), key=lambda run: PARENT_TAG in run.data.tags)
    ended, dead = 0, set(parents)
    for run in running:  # parents first
        tags = run.data.tags
        if tags.get(HOST_TAG) == host or tags.get(PARENT_TAG) in dead:
            status = verdict(Path(tags.get(LOCK_TAG, "")), run.info.run_id)
            if status is not None:
                store.client.set_terminated(run.info.run_id, status)
                dead.add(run.info.run_id)
                ended += 1
    return ended


def _running(store: "Store") -> Iterable["Run"]:
    experiments = [each.experiment_id for each in store.client.search_experiments()]
    return store.client.search_runs(experiments, "attributes.status = 'RUNNING'", max_results=PAGE)


def held(path: Path) -> bool:
    """Return whether a process of this machine holds the lock; a file that is not there is no lock."""
    if not path.is_file():
        return False
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True
