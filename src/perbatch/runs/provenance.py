"""What a run was made from: the commit, whether code or config differ from it, the pipeline's lock."""

import os
import subprocess
from functools import cache

from perbatch.files import digest
from perbatch.runs.places import CHECKOUT

SCRIPT = "pipelines/train.py"
UNKNOWN = "unknown"
JUDGED = ("src", "conf", "pipelines")
"""Where a change makes a work tree dirty: `dvc repro` edits dvc.lock and the outs itself."""

OF_ANOTHER = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX", "GIT_NAMESPACE")
"""What git sets for the programs of a hook: there it would answer of that repository."""


@cache
def tags() -> dict[str, str]:
    """Return MLflow's tags of provenance; what git or a file cannot tell here is `unknown`.

    Git cannot where it is missing, refuses the folder, or knows only a repository that encloses this one
    and does not hold it. `dvc.exp_name` is there in an experiment of DVC's alone.
    """
    known = _git("ls-files", "--error-unmatch", "--", SCRIPT) is not None
    changes = _git("status", "--porcelain", "--", *JUDGED) if known else None
    found = {
        "mlflow.source.name": SCRIPT,
        "mlflow.source.type": "LOCAL",
        "mlflow.source.git.commit": (known and _git("rev-parse", "--verify", "HEAD")) or UNKNOWN,
        "git.dirty": UNKNOWN if changes is None else str(bool(changes)).lower(),
        "dvc.lock": _lock_digest(),
    }
    experiment = os.environ.get("DVC_EXP_NAME")
    return found | ({"dvc.exp_name": experiment} if experiment else {})


def _lock_digest() -> str:
    try:
        return digest((CHECKOUT / "dvc.lock").read_bytes())[:12]
    except OSError:
        return UNKNOWN


def _git(*arguments: str) -> str | None:
    """What git says of this checkout, None where it says nothing; a hook's environment means another."""
    kept = {key: value for key, value in os.environ.items() if key not in OF_ANOTHER}
    command = ["git", "--no-optional-locks", "-C", str(CHECKOUT), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=kept)
    except (OSError, ValueError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
