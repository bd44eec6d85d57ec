"""One's own data set, as the README shows it: one function and one YAML file, nothing edited elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

FUNCTION = """
import numpy as np

from perbatch.data import Source


def read(corners: int) -> Source:
    X = np.random.default_rng(0).random((200, 2))
    return Source(
        X=X,
        y=(X.sum(axis=1) > 1).astype(np.int64) if corners == 2 else (4 * X[:, 0]).astype(np.int64),
        classes=tuple("abcd"[:corners]),
        feature_names=("x", "y"),
        title="Corners",
        origin="drawn by a program",
        licence="CC0",
    )
"""

OPTION = """
name: corners
reader:
  _target_: perbatch.data.corners.read
  corners: 4
split:
  train: 100
  validation: 50
  test: 50
  seed: 0
scaling: standard
"""


def test_one_function_and_one_yaml_make_a_data_set(tmp_path: Path) -> None:
    root = tmp_path / "checkout"
    for name in ("conf", "pipelines", "src", "params.yaml"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        (root / name).parent.mkdir(exist_ok=True)
        copy(ROOT / name, root / name)
    (root / "src" / "perbatch" / "data" / "corners.py").write_text(FUNCTION)
    (root / "conf" / "data" / "corners.yaml").write_text(OPTION)

    def run(script: str, *overrides: str) -> None:
        command = [sys.executable, str(root / "pipelines" / script), "data=corners", *overrides]
        environment = {**os.environ, "DVC_ROOT": str(root), "MLFLOW_TRACKING_URI": f"sqlite:///{root}/m.db"}
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=200, check=False
        )
        assert done.returncode == 0, done.stderr

    run("prepare.py")
    summary = json.loads((root / "data" / "prepared" / "corners" / "summary.json").read_text())
    assert (summary["title"], summary["classes"]) == ("Corners", ["a", "b", "c", "d"])
    run("train.py", "epochs=2")
    (row,) = [json.loads(path.read_text())["row"] for path in (root / "runs").glob("*/run.json")]
    assert (row["data"], row["sizes"], row["data_digest"]) == ("corners", "2-32-4", summary["digest"])
