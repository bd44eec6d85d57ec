"""The page of what large data cost: each of its numbers is measured, and by the program that it names."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks" / "data"


def shape(page: str) -> list[str]:
    """The page without its numbers, the processor, and what was reached."""
    lines = [re.sub(r"[\d.,]+", "N", line) for line in page.splitlines() if "Written by" not in line]
    return [re.sub(r"\*?\*?(not )?reached\*?\*?", "", line) for line in lines]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="Linux tells the peak of the memory")
def test_the_page_is_what_its_program_writes(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "benchmarks" / "data")
    (tmp_path / "src").symlink_to(FOLDER.parents[1] / "src")
    program = tmp_path / "benchmarks" / "data" / "large.py"
    before = (program.parent / "data.md").read_bytes()
    command = [sys.executable, str(program), "--scale", "0.001"]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=600).stdout
    assert shape(said) == shape((FOLDER / "data.md").read_text(encoding="utf-8"))
    assert (program.parent / "data.md").read_bytes() == before  # of small files no page is kept
