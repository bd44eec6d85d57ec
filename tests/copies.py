"""Copies of this repository for tests that do what a user does: real commands, on a tiny grid."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from omegaconf import OmegaConf

ROOT = Path(__file__).resolve().parents[1]


NO_STUDY: dict[str, list[str]] = {"names": [], "by_hand": [], "from_benchmark": []}


def copy_repository(
    root: Path, files: Mapping[str, str] | None = None, study: Mapping[str, list[str]] = NO_STUDY
) -> None:
    """Make `root` a repository of its own with what git has here, the uncommitted too, and a tiny grid.

    `files` are added to it; `study` is the block of params.yaml that names the studies.
    """
    listed = git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "-z").split("\0")
    for name in filter(None, listed):
        if (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name)
    for name, text in (files or {}).items():
        (root / name).write_text(text, encoding="utf-8")
    shrink(root / "params.yaml", study)
    git(root, "init", "-q", "-b", "main")
    git(root, "config", "user.name", "a user")
    git(root, "config", "user.email", "user@example.org")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "start")


def shrink(path: Path, study: Mapping[str, list[str]]) -> None:
    """Make the pipeline's grid so small that it takes seconds."""
    params = OmegaConf.load(path)
    params.train.batch_size = [8, "full"]
    params.train.learning_rate = [0.1, 0.3]
    params.train.seed = [0, 1, 2]
    params.train.epochs = 3
    params.train.repeat = ["never"]
    params.train.grids = []
    params.evaluate.tuning_seeds = [0]
    params.evaluate.mini_batch = 8
    params.study = dict(study)
    OmegaConf.save(params, path)


def environment() -> dict[str, str]:
    """The environment of a user's shell: the virtual environment first, no MLflow or DVC inherited."""
    kept = {key: value for key, value in os.environ.items() if key not in ("MLFLOW_TRACKING_URI", "DVC_ROOT")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**kept, "PATH": path, "CI": "true"}


def run(
    root: Path, *command: str, cwd: Path | None = None, status: int = 0
) -> subprocess.CompletedProcess[str]:
    """Run a command in `root` (or `cwd`), which must end with `status`."""
    done = subprocess.run(
        command,
        cwd=cwd or root,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=400,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == status, f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done


def git(root: Path, *arguments: str) -> str:
    """Run git in `root`, return what it says."""
    return subprocess.run(
        ["git", "-C", str(root), *arguments], check=True, capture_output=True, text=True
    ).stdout
