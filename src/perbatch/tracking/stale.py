"""Runs that a killed process left RUNNING."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from perbatch.tracking.store import Store

if TYPE_CHECKING:
    from mlflow.entities import Run

LOCK_TAG, HOST_TAG = "perbatch.lock", "perbatch.host"
PAGE = 1000


def close_stale(store: Store, host: str, verdict: Callable[[Path, str], str | None]) -> int:
    """End all runs of this host that are RUNNING although nobody is at work on them; count them.

    A run names its lock's file and its host in tags. `verdict` gets the lock and the run's id and returns
    how the run ended, None where a process holds the lock.
    """
    ended = 0
    for run in _running(store):
        if run.data.tags.get(HOST_TAG) == host:
            status = verdict(Path(run.data.tags.get(LOCK_TAG, "")), run.info.run_id)
            if status is not None:
                store.client.set_terminated(run.info.run_id, status)
                ended += 1
    return ended


def _running(store: Store) -> Iterable["Run"]:
    experiments = [each.experiment_id for each in store.client.search_experiments()]
    return store.client.search_runs(experiments, "attributes.status = 'RUNNING'", max_results=PAGE)
