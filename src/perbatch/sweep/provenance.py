"""What a run was made from: the commit, whether code or config differ from it, the pipeline's lock."""

import hashlib
import os
import subprocess
from functools import cache

from perbatch.sweep.places import CHECKOUT

JUDGED = ("src", "conf", "pipelines")
"""Where a change makes a work tree dirty: `dvc repro` edits dvc.lock and the outs itself."""


@cache
def tags() -> dict[str, str]:
    """Return MLflow's tags of provenance; those that git or DVC cannot tell here are left out."""
    found = {
        "mlflow.source.name": "pipelines/train.py",
        "mlflow.source.type": "LOCAL",
        "mlflow.source.git.commit": _git("rev-parse", "HEAD"),
        "git.dirty": str(bool(_git("status", "--porcelain", "--", *JUDGED))).lower(),
        "dvc.exp_name": os.environ.get("DVC_EXP_NAME", ""),
        "dvc.lock": _lock_digest(),
    }
    return {key: value for key, value in found.items() if value}


def _lock_digest() -> str:
    lock = CHECKOUT / "dvc.lock"
    return hashlib.sha256(lock.read_bytes()).hexdigest()[:12] if lock.is_file() else ""


def _git(*arguments: str) -> str:
    try:
        command = ["git", "-C", str(CHECKOUT), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
