"""Runs that a killed process left RUNNING."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from perbatch.tracking.store import Store

if TYPE_CHECKING:
    from mlflow.entities import Run

LOCK_TAG, HOST_TAG = "perbatch.lock", "perbatch.host"
PAGE = 1000


def close_stale(store: Store, host: str, held: Callable[[Path], bool]) -> int:
    """End as KILLED all runs of this host that are RUNNING although nobody holds their lock; count them.

    A run names its lock's file and its host in tags. `held` tells whether a process holds a lock.
    """
    stale = [
        run
        for run in _running(store)
        if run.data.tags.get(HOST_TAG) == host and not held(Path(run.data.tags.get(LOCK_TAG, "")))
    ]
    for run in stale:
        store.client.set_terminated(run.info.run_id, "KILLED")
    return len(stale)


def _running(store: Store) -> Iterable["Run"]:
    experiments = [each.experiment_id for each in store.client.search_experiments()]
    return store.client.search_runs(experiments, "attributes.status = 'RUNNING'", max_results=PAGE)
