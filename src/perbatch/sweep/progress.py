"""How far a sweep is: a bar with an ETA on a terminal, a plain line now and then in a log."""

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tqdm import tqdm

from perbatch.sweep.folder import FAILURE, RunFolder

TERMINAL_SECONDS = 0.5
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
    with tqdm(total=len(folders), unit="run", desc="training", **style) as bar:
        waiting, stopped = folders, False
        while not stopped:
            stopped = stop.wait(TERMINAL_SECONDS if terminal else LOG_SECONDS)
            waiting = [folder for folder in waiting if not _ended(folder)]
            # Not update(), which would choose by itself when to show it.
            bar.n = len(folders) - len(waiting)
            if not stopped:  # the bar's own end shows the last state
                bar.refresh()


def _ended(folder: RunFolder) -> bool:
    return folder.complete or (folder.path / FAILURE).is_file()
