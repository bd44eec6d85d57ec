"""How far a sweep is: a bar with an ETA on a terminal, a plain line now and then in a log."""

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

from perbatch.data.progress import LOG_SECONDS, width
from perbatch.runs.folder import Damaged, RunFolder
from perbatch.runs.planned import PlannedRun
from perbatch.sweep.plan import Plan

TERMINAL_SECONDS = 0.5
Ended = Callable[[PlannedRun], bool]
LINE = "{desc}: {n_fmt} of {total_fmt} runs{postfix}, {elapsed} elapsed, {remaining} to go\n"


@contextmanager
def watch(plan: Plan, ended: Ended) -> Iterator[None]:
    """Show how many of the plan's missing runs have ended, by their folders, while the body runs.

    `ended` tells it of a run. The folders are the only thing that every launcher's workers share with the
    driver.
    """
    stop = threading.Event()
    watcher = threading.Thread(target=_follow, args=(plan, ended, stop), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join()


def _follow(plan: Plan, ended: Ended, stop: threading.Event) -> None:
    terminal = sys.stderr.isatty()
    style = width() if terminal else {"bar_format": LINE, "ascii": True}
    counts = Counter(reused=len(plan.reused), failed=0, diverged=0)
    waiting = plan.missing
    with tqdm(total=len(waiting), unit="run", desc="training", postfix=_shown(counts), **style) as bar:
        stopped = False
        while not stopped:
            stopped = stop.wait(TERMINAL_SECONDS if terminal else LOG_SECONDS)
            over = [run for run in waiting if ended(run)]
            counts.update(_how_it_ended(run.folder) for run in over)
            gone = {run.identity for run in over}
            waiting = [run for run in waiting if run.identity not in gone]
            # Not update(), which would choose by itself when to show it.
            bar.n = bar.total - len(waiting)
            bar.set_postfix_str(_shown(counts), refresh=not stopped)  # its end shows the last state


def _how_it_ended(folder: RunFolder) -> str:
    if folder.failed:
        return "failed"
    try:
        return str(folder.row()["status"])
    except Damaged:
        return "failed"


def _shown(counts: Counter[str]) -> str:
    return ", ".join(f"{counts[key]} {key}" for key in ("reused", "failed", "diverged"))
