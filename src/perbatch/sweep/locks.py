"""OS file locks: who is at work on what, known to all processes of a machine and freed when one dies."""

import platform
import uuid
from pathlib import Path

from perbatch.runs.places import runs
from perbatch.tracking.mounts import locks_are_seen
from perbatch.tracking.stale import HOST_TAG, LOCK_TAG, Here, Running
from perbatch.tracking.stale import held as held

HOST = platform.node()


def new() -> Path:
    """Return a lock file of its own beside the run folders."""
    return _place() / f"{uuid.uuid4().hex}.lock"


def left() -> list[Path]:
    """Return the locks of sweeps that are over and did not end all their runs in MLflow.

    They were killed, or their store was gone.
    """
    return [path for path in _place().glob("*.lock") if not held(path)]


def sweeps_at_work() -> bool:
    """Return whether a sweep of this machine is at work: it counts on runs that are complete."""
    return any(map(held, _place().glob("*.lock")))


def here() -> Here:
    """Return whose runs can be judged here: this host's, and where its locks are seen all in `runs/`."""
    return Here(HOST, runs() if locks_are_seen(runs()) else None)


def is_over(run: Running) -> bool:
    """Return whether it can be told here that nobody is at work on a run any more."""
    return here().sees(run.host, run.lock) and not held(run.lock)


def first_to_say(sweep: str | None) -> bool:
    """Return True to the first that asks of all processes of a sweep, given by its parent run's id.

    What befalls all workers at once is to be said once. A run without a sweep is the only one that asks.
    """
    try:
        if sweep is not None:
            said(sweep).touch(exist_ok=False)
    except FileExistsError:
        return False
    except OSError:  # a disk that takes no more: rather twice than never
        return True
    return True


def said(sweep: str) -> Path:
    """Return the file that marks that a sweep has said it."""
    return _place() / f"{sweep}.said"


def _place() -> Path:
    place = runs() / ".sweeps"
    place.mkdir(parents=True, exist_ok=True)
    return place


def tags(path: Path) -> dict[str, str]:
    """Return MLflow's tags by which others see whether a run is still at work."""
    return {LOCK_TAG: str(path), HOST_TAG: HOST}
