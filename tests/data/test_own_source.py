"""One's own data set, as the README shows it: one function and one YAML file, nothing edited elsewhere."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

README = (ROOT / "README.md").read_text(encoding="utf-8")


def shown(path: str) -> str:
    """The block of code that the README shows for a file."""
    found = re.search(rf"`{re.escape(path)}`:\n\n```\w+\n(.*?)```", README, re.DOTALL)
    assert found, f"the README shows no {path}"
    return found[1]


@pytest.mark.slow
def test_one_function_and_one_yaml_make_a_data_set(tmp_path: Path) -> None:
    root = tmp_path / "checkout"
    for name in ("conf", "pipelines", "src", "params.yaml"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        (root / name).parent.mkdir(exist_ok=True)
        copy(ROOT / name, root / name)
    for name in ("src/perbatch/data/readers/corners.py", "conf/data/corners.yaml"):
        (root / name).write_text(shown(name))

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
