"""OS file locks: who is at work on what, known to all processes of a machine and freed when one dies."""

import platform
import uuid
from pathlib import Path

from filelock import FileLock, Timeout

from perbatch.tracking.stale import HOST_TAG, LOCK_TAG

HOST = platform.node()


def new(folder: Path) -> Path:
    """Return a lock file of its own below `folder`."""
    place = folder / ".sweeps"
    place.mkdir(parents=True, exist_ok=True)
    return place / f"{uuid.uuid4().hex}.lock"


def held(path: Path) -> bool:
    """Return whether a process of this machine holds the lock; a file that is not there is no lock."""
    if not path.is_file():
        return False
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True


def tags(path: Path) -> dict[str, str]:
    """Return MLflow's tags by which others see whether a run is still at work."""
    return {LOCK_TAG: str(path), HOST_TAG: HOST}
