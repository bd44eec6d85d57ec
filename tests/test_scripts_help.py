"""Every script says what it does, and refuses an option that it does not have; neither changes a file."""

import subprocess
import sys
from pathlib import Path

import pytest

from blocks import ROOT

SCRIPTS = [
    path
    for folder in ("pipelines", "tools", "benchmarks/data")
    for path in sorted((ROOT / folder).glob("*.py"))
    if '\nif __name__ == "__main__":' in path.read_text(encoding="utf-8")
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
