"""What a sweep shows of its progress: a bar on a terminal, lines in a log."""

import io
import os
import pty
import sys
from pathlib import Path

import numpy as np
import pytest

from perbatch.runs.folder import RunFolder
from perbatch.runs.planned import PlannedRun
from perbatch.sweep.plan import Plan
from perbatch.sweep.progress import watch


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """Four runs: a reused one, and three to train."""
    runs = [PlannedRun(name, [], "digits", name, RunFolder(tmp_path / name)) for name in "abcd"]
    return Plan(list("abcd"), runs[:1], runs[1:], list("abcd"), {})


def ended(run: PlannedRun) -> bool:
    return run.folder.ended


def end_two(plan: Plan) -> None:
    diverged, failed, _ = plan.missing
    with diverged.folder.lock():
        diverged.folder.write({}, "", np.zeros(1), {}, {"status": "diverged"})
    failed.folder.path.mkdir()
    failed.folder.write_failure("why")


def test_a_log_has_plain_lines(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with watch(plan, ended):
        end_two(plan)
    first, *_, last = sys.stderr.getvalue().strip().splitlines()
    assert first.strip().startswith("training: 0 of 3 runs, 1 reused, 0 failed, 0 diverged")
    assert last.strip().startswith("training: 2 of 3 runs, 1 reused, 1 failed, 1 diverged")


def test_a_terminal_has_a_bar_even_without_a_size(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    master, slave = pty.openpty()  # nobody set its size: it has no columns
    with os.fdopen(slave, "w") as terminal, os.fdopen(master, "rb", buffering=0) as screen:
        monkeypatch.setattr(sys, "stderr", terminal)
        with watch(plan, ended):
            end_two(plan)
        shown = ""
        while "2/3" not in shown:  # a busy kernel hands a terminal's text on in parts
            shown += screen.read(65536).decode()
    assert "2/3" in shown
    assert "1 reused, 1 failed, 1 diverged" in shown
