"""A launcher's worker, in which jobs run: when its driver was killed it finishes its run, then ends too.

Joblib's own workers may wait for the dead driver's next job for ever, each with its memory.
"""

import atexit
import gc
import multiprocessing
import os
import threading
import time
from contextlib import AbstractContextManager, nullcontext
from functools import cache

POLL_SECONDS = 2.0
UNWATCHED = 50_000
"""Objects made before Python looks for garbage: as often as by default takes a fifth of a start."""
_job = threading.Lock()


def at_work() -> AbstractContextManager[object]:
    """Return what a job holds while it runs, so that its process does not end meanwhile."""
    return _job if _follows_a_driver() else nullcontext()


@cache
def _follows_a_driver() -> bool:
    if multiprocessing.parent_process() is None:
        return False
    gc.set_threshold(UNWATCHED)
    atexit.register(gc.freeze)  # as the driver does, which waits for its workers' end
    threading.Thread(target=_watch, args=(os.getppid(),), daemon=True).start()
    return True


def _watch(driver: int) -> None:
    while os.getppid() == driver:
        time.sleep(POLL_SECONDS)
    with _job:
        os._exit(1)
