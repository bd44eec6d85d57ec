"""Where things lie: every path of a checkout and of what its worktrees share comes from here."""

import os
import subprocess
from functools import cache
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]
"""The checkout that this code belongs to: `conf/`, `params.yaml`, `data/` and `results/` lie in it."""

CONF = CHECKOUT / "conf"
PARAMS = CHECKOUT / "params.yaml"
PREPARED = CHECKOUT / "data" / "prepared"


@cache
def shared_root() -> Path:
    """The folder that all worktrees and DVC's temporary copies of one repository share.

    The run folders and the MLflow store lie in it. It is DVC's root (which is the main repository even
    in a temporary copy) or else this checkout, mapped to the main worktree where it is a linked one.
    """
    start = Path(os.environ.get("DVC_ROOT", CHECKOUT))
    command = ["git", "-C", str(start), "rev-parse", "--path-format=absolute", "--git-common-dir"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return start
    common = Path(answer)
    return common.parent if common.name == ".git" else start


def runs() -> Path:
    """The folder of all run folders, one per identity."""
    return shared_root() / "runs"
