"""Complete runs that MLflow had and lost: they are logged, or get their artifacts, from their folders."""

import logging
from collections.abc import Sequence

from perbatch.runs.folder import CONFIG, HISTORY, WEIGHTS
from perbatch.runs.planned import PlannedRun
from perbatch.tracking import Store, StoreUnavailable

log = logging.getLogger(__name__)

ARTIFACTS = (CONFIG, HISTORY, WEIGHTS)
"""The files of a complete run's folder that MLflow has as artifacts."""


def mend(store: Store, runs: Sequence[PlannedRun]) -> bool:
    """See what the embedded store has lost of complete runs, say it, and fill it again.

    A run that it does not know any more is forgotten as logged, so that the sweep logs it; artifacts are put
    back here. Returns whether the store has all the runs. MLflow is imported only to put artifacts back.
    """
    if store.is_server:
        return _server_has(store, runs)
    keys = {name: store.peek(name) for name in {run.experiment for run in runs}}
    logged = {run.folder.logged_id(keys[run.experiment]): run for run in runs}
    lost = store.lost_of(each for each in logged if each)
    for each in lost.gone:
        logged[each].folder.forget_logged(keys[logged[each].experiment])
    if lost.gone:
        log.info("%d runs are not in MLflow any more: they are logged from their folders", len(lost.gone))
    if lost.bare:
        log.info("%d runs lack their artifacts in MLflow: they are filled from their folders", len(lost.bare))
    for each in lost.bare:
        for name in ARTIFACTS:
            store.client.log_artifact(each, str(logged[each].folder.path / name))
    return None not in logged and not lost.gone


def _server_has(store: Store, runs: Sequence[PlannedRun]) -> bool:
    """Whether a server has all the runs, as their folders say: it is not asked for each of thousands."""
    try:
        keys = {name: store.peek(name) for name in {run.experiment for run in runs}}
    except StoreUnavailable:  # it died since the sweep began, which logging says; no run is lost by it
        return False
    return all(run.folder.logged(keys[run.experiment]) for run in runs)
