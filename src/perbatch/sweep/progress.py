"""How far a sweep is: a bar with an ETA on a terminal, a plain line now and then in a log."""

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tqdm import tqdm

from perbatch.sweep.folder import FAILURE, RunFolder

LOOK_SECONDS = 0.5
LOG_SECONDS = 15.0
LINE = "{desc}: {n_fmt} of {total_fmt} runs, {elapsed} elapsed, {remaining} to go\n"


@contextmanager
def watch(folders: Sequence[RunFolder]) -> Iterator[None]:
    """Show how many of the runs have ended, by their folders, while the body runs.

    The folders are the only thing that every launcher's workers share with the driver.
    """
    stop = threading.Event()
    watcher = threading.Thread(target=_follow, args=(folders, stop), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join()


def _follow(folders: Sequence[RunFolder], stop: threading.Event) -> None:
    terminal = sys.stderr.isatty()
    style = {"dynamic_ncols": True} if terminal else {"bar_format": LINE, "ascii": True}
    interval = 0.1 if terminal else LOG_SECONDS
    with tqdm(total=len(folders), unit="run", desc="training", mininterval=interval, **style) as bar:
        waiting = folders
        while not stop.wait(LOOK_SECONDS):
            before = len(waiting)
            waiting = [folder for folder in waiting if not _ended(folder)]
            bar.update(before - len(waiting))
        bar.update(sum(map(_ended, waiting)))


def _ended(folder: RunFolder) -> bool:
    return folder.complete or (folder.path / FAILURE).is_file()
