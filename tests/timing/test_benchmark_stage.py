"""The stage's script, in-process, on a parameter file and an out of the test's own."""

import csv
import importlib.util
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from perbatch.errors import UserError
from perbatch.runs.places import CHECKOUT
from perbatch.sweep.params import block as block_of

Stage = Callable[[dict[str, Any] | None], Path]


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Run the stage with a block; return its out."""
    monkeypatch.syspath_prepend(CHECKOUT / "pipelines")
    spec = importlib.util.spec_from_file_location("stage", CHECKOUT / "pipelines" / "benchmark.py")
    assert spec and spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    params, out = tmp_path / "params.yaml", tmp_path / "benchmark" / "throughput.csv"
    monkeypatch.setattr(script, "block", partial(block_of, path=params))
    monkeypatch.setattr(script, "OUT", out)

    def run(block: dict[str, Any] | None) -> Path:
        params.write_text(yaml.safe_dump({"benchmark": block}))
        script.main()
        return out

    return run


def test_a_run_writes_a_row_a_case(stage: Stage, block: dict[str, Any]) -> None:
    with stage({**block, "repeats": 1}).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["batch_size"], row["micro_batch_size"]) for row in rows] == [
        ("8", ""),
        ("64", ""),
        ("64", "32"),
        ("1000", ""),
        ("1000", "32"),
    ]


def test_a_failing_run_writes_nothing_and_leaves_the_old_table(
    stage: Stage, block: dict[str, Any], tmp_path: Path
) -> None:
    for bad in ({**block, "batch_size": [0]}, None):
        with pytest.raises(UserError, match=r"^params\.yaml: "):
            stage(bad)
    assert not (tmp_path / "benchmark").exists()
    out = stage({**block, "repeats": 1})
    old = out.read_bytes()
    with pytest.raises(UserError):
        stage({**block, "engine": ["abacus"]})
    assert out.read_bytes() == old
