"""Every script says what it does, and refuses an option that it does not have; neither changes a file."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from blocks import ROOT

sys.path.insert(0, str(ROOT / "tools"))

import config_reference

BENCHMARKS = ("data", "peers", "platform", "search")
SCRIPTS = [
    path
    for folder in ("pipelines", "tools", *(f"benchmarks/{name}" for name in BENCHMARKS))
    for path in sorted((ROOT / folder).glob("*.py"))
    if '\nif __name__ == "__main__":' in path.read_text(encoding="utf-8")
    and (path.name != "peers.py" or find_spec("jax"))  # the peers are an extra of their own
]


def state() -> str:
    command = ["git", "-C", str(ROOT), "status", "--porcelain"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.slow
@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_help_and_an_unknown_option_change_nothing(path: Path) -> None:
    before = state()
    asked, wrong = (
        subprocess.run([sys.executable, str(path), option], capture_output=True, text=True, cwd=ROOT)
        for option in ("--help", "--bogus")
    )
    assert asked.returncode == 0 and asked.stdout.strip(), asked.stderr
    assert wrong.returncode != 0 and "Traceback" not in wrong.stderr, wrong.stderr
    assert state() == before


def test_the_help_of_training_says_how_to_sweep_where_it_runs_and_what_keys_mean() -> None:
    command = [sys.executable, str(ROOT / "pipelines" / "train.py"), "--help"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    launchers = {path.stem for path in (ROOT / "conf" / "hydra" / "launcher").glob("*.yaml")}
    words = set(said.replace(",", " ").replace(")", " ").split())
    assert {"-m", "hydra/launcher=joblib", *launchers} <= words
    for key, meaning in config_reference.comments(ROOT / "conf" / "config.yaml").items():
        if key and meaning and not key.startswith("hydra"):
            assert meaning in said and f"{key.rpartition('.')[2]}: " in said, key
