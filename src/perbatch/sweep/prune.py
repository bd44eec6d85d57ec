"""Deleting runs that no sweep needs: which they are, what that frees, and their end here and in MLflow."""

import shutil
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from filelock import Timeout

from perbatch.errors import UserError
from perbatch.sweep import locks
from perbatch.sweep.kept import Kept
from perbatch.tracking import Store

DAY = 86400


@dataclass(frozen=True)
class Choice:
    """Which runs go. Each of the three narrows it; without any, all go that no table names."""

    older_code: bool = False
    days: float = 0.0
    """That ended so many days ago, or earlier."""
    experiment: str | None = None
    """Of that experiment in MLflow."""

    def takes(self, run: Kept) -> bool:
        """Return whether a run goes: never one that a table names, nor one that is at work."""
        return (
            not run.sweep
            and (self.experiment is None or run.experiment == self.experiment)
            and time.time() - run.seconds >= self.days * DAY
            and not (self.older_code and not run.older)
            and not locks.held(run.folder.lock_file)
        )


def delete(runs: Sequence[Kept], store: Store) -> list[Kept]:
    """Delete runs in MLflow and their folders, and return which; one that somebody works on stays.

    A UserError, before anything is deleted, while a sweep is at work, and where the store cannot be used.
    """
    if locks.sweeps_at_work():
        raise UserError("a sweep is at work and may need these runs: wait for its end, or stop it")
    logged = _logged(runs, store)
    if logged:
        store.check()
    with store.one_sentence():
        return [run for run in runs if _delete(run, logged.get(run), store)]


def _delete(run: Kept, logged: str | None, store: Store) -> bool:
    with suppress(Timeout), run.folder.lock().acquire(timeout=0):
        if logged:  # first: stopped in between, the next prune finds the folder still there
            store.delete([logged])
        run.folder.clear()  # whoever waits for the lock finds the run incomplete
        shutil.rmtree(run.folder.path)
        return True
    return False


def _logged(runs: Iterable[Kept], store: Store) -> dict[Kept, str]:
    keys = {name: store.peek(name) for name in {run.experiment for run in runs} if name}
    found = {run: run.folder.logged_id(keys[run.experiment]) for run in runs if run.experiment}
    return {run: logged for run, logged in found.items() if logged}
