"""What is no stage of the pipeline: the runs that are kept, and those that may go.

`runs` lists all of runs/. `prune` lists those that no table of results names, and deletes them when told so.
"""

import argparse
import os
import signal
import sys
from collections.abc import Sequence

from perbatch import advice
from perbatch.sweep import kept
from perbatch.sweep.cli import command
from perbatch.sweep.prune import Choice, delete
from perbatch.sweep.record import store_of
from perbatch.tracking.server import ADDRESS


def show() -> None:
    """Print a line a run."""
    _say(*kept.table(kept.kept()))


def prune(choice: Choice, words: Sequence[str], yes: bool) -> None:
    """Print which runs go and what that frees; with `yes` delete them."""
    runs = list(kept.kept())
    going = [run for run in runs if choice.takes(run)]
    frees = _size(going)  # while they are there
    if yes and going:
        store = store_of(os.environ.get(ADDRESS))
        gone = delete(going, store)
        _say(f"{len(gone)} of {len(going)} runs are deleted, here and in MLflow; {_size(gone)} are free.")
        if not store.is_server:
            _say(f"MLflow keeps their curves and artifacts until `{advice.collect(store.uri)}`.")
        return
    if going:
        _say(*kept.table(going))
    named = sum(bool(run.sweep) for run in runs)
    _say(f"{len(going)} of {len(runs)} runs go, which frees {frees}. Tables name {named}, which stay.")
    if going:
        _say(f"Nothing is deleted yet: `{advice.prune(words)}` deletes them, here and in MLflow.")


def _say(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)


def _size(runs: Sequence[kept.Kept]) -> str:
    size = sum(run.size for run in runs)
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"


def main(words: Sequence[str]) -> None:
    """Do what the words of a command line say."""
    parser = argparse.ArgumentParser("python -m perbatch", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("runs", help="list the runs: name, data, sweep, date, state, validation loss, folder")
    about = "list the runs that no table names and nobody works on, or delete them"
    pruning = commands.add_parser("prune", help=about, description=f"{about[0].upper()}{about[1:]}.")
    pruning.add_argument("--older-code", action="store_true", help="only those of older code")
    pruning.add_argument("--days", type=float, default=0.0, help="only those that ended DAYS ago or earlier")
    pruning.add_argument("--experiment", metavar="NAME", help="only those of this experiment in MLflow")
    pruning.add_argument("--yes", action="store_true", help="delete them")
    given = parser.parse_args(words)
    if given.command == "runs":
        command(show)
        return
    choice = Choice(given.older_code, given.days, given.experiment)
    command(lambda: prune(choice, words[1:], given.yes))


if __name__ == "__main__":
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a list is read with `head`, too
    main(sys.argv[1:])
