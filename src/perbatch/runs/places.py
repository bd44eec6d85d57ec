"""Where things lie: every path of a checkout and of what its worktrees share comes from here."""

import os
from functools import cache
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]
"""The checkout that this code belongs to: `conf/`, `params.yaml`, `data/` and `results/` lie in it."""

CONF = CHECKOUT / "conf"
PARAMS = CHECKOUT / "params.yaml"
PREPARED = CHECKOUT / "data" / "prepared"


def encoded() -> Path:
    """The folder of what sweeps make of large prepared data for their workers; it may be deleted."""
    return PREPARED.with_name("encoded")


def shared_root() -> Path:
    """The folder that all worktrees and DVC's temporary copies of one repository share.

    The run folders and the MLflow store lie in it. It is DVC's root (which is the main repository even
    in a temporary copy) or else this checkout, mapped to the main worktree where it is in a linked one.
    Files tell, not git: it may be missing, or look at a repository that encloses this one.
    """
    return _shared_root(Path(os.environ.get("DVC_ROOT", CHECKOUT)), CHECKOUT)


@cache
def _shared_root(start: Path, checkout: Path) -> Path:
    if start in checkout.parents and not checkout.is_relative_to(start / ".dvc"):
        start = checkout  # of a DVC project that encloses this one
    for folder in (start, *start.parents):
        if os.path.exists(folder / ".git"):  # Path.exists raises where a folder may not be looked into
            shared = (_main_worktree(folder) or folder) / start.relative_to(folder)
            return shared if shared.is_dir() else start
    return start


def _main_worktree(worktree: Path) -> Path | None:
    """The main worktree of a linked one, whose `.git` is a file that says where its own data lie."""
    try:
        own = worktree / (worktree / ".git").read_text().removeprefix("gitdir:").strip()
        common = (own / (own / "commondir").read_text().strip()).resolve()
    except (OSError, UnicodeError):  # no link: a repository of its own, or a submodule
        return None
    return common.parent if common.name == ".git" else None


def runs() -> Path:
    """The folder of all run folders, one per identity."""
    return shared_root() / "runs"
