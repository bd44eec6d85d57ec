"""The benchmark of a search against a grid: tried on little, it says as much and keeps no page of it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("optuna")
FOLDER = Path(__file__).resolve().parents[2] / "benchmarks" / "search"


@pytest.mark.slow
def test_tried_on_little_it_prints_a_page_and_keeps_none() -> None:
    before = {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.is_file()}
    command = [sys.executable, str(FOLDER / "against_grid.py"), "--epochs", "1", "--trials", "2"]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=900).stdout
    assert {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.is_file()} == before
    counts = re.findall(r"^\| 2 \| (\w+) \| (\d) \| (\d) \| (\d) \| (\d) \| (\d) \| (\d) \|$", said, re.M)
    assert [way for way, *_ in counts] == ["tpe", "random", "qmc"]
    assert all(sum(map(int, told[:3])) == sum(map(int, told[3:])) == 4 for _, *told in counts)
    tpe, random = (
        [line.replace(f"| {way} |", "") for line in said.splitlines() if f"| {way} | 0." in line]
        for way in ("tpe", "random")
    )
    assert tpe == random and len(tpe) == 4  # the first ten trials of the one are those of the other
