"""The commands that a page prints plan exactly the runs that it reports."""

import re
import shlex
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest

from copies import environment
from processes import copy_checkout

TARGETS = """evaluate:
  target: {digits: [0.5], digits_studies: [0.5], diabetes: [0.5], table: [0.5]}
  tuning_seeds: [0]
  mini_batch: 8
"""
OFF_EVERY_DEFAULT = (
    *(
        "engine=numpy",
        "shuffle=false",
        "micro_batch_size=4",
        "stop_at=0.05",
        "epochs=2",
        "evaluation.first=7",
    ),
    *("evaluation.factor=1.3", "model.hidden=[9,5]", "model.activation=tanh", "model.loss=squared_error"),
    *("model.output=sigmoid", "model.bias=false", "model.dtype=float32", "data.split.train=800"),
    *("data.split.seed=3", "data.scaling=standard", "data.copies=2", "data.sorted=true"),
)
CASES = {
    "the default": ("data=digits", "epochs=2"),
    "a regression": ("data=diabetes", "model=regressor", "epochs=2"),
    "an own table": (
        "data=table",
        "data.reader.target=species",
        "data.reader.path=data/iris.csv",
        *("data.split.train=90", "data.split.validation=30", "data.split.test=30", "epochs=2"),
    ),
    "off every default": ("data=digits", *OFF_EVERY_DEFAULT),
    "an experiment with data of its own": ("experiment=own",),
    "two networks": ("data=digits", "model.hidden=[9],[5,4]", "epochs=2"),
}
PREPARED = {
    "an experiment with data of its own": [
        "data=digits_studies",
        "data.split.train=900",
        "data.scaling=standard",
    ]
}
OWN = """# @package _global_
defaults:
  - override /data: digits_studies
  - _self_
epochs: 2
model: {hidden: [7], activation: sigmoid}
data: {split: {train: 900}, scaling: standard}
"""


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_the_pages_commands_plan_the_runs_that_it_reports(case: str, tmp_path: Path, prepared: Path) -> None:
    root = copy_checkout(tmp_path / "perbatch", prepared)
    params = root / "params.yaml"
    params.write_text(re.sub(r"(?s)^evaluate:.*", TARGETS, params.read_text(), flags=re.MULTILINE))
    (root / "data" / "iris.csv").write_text(IRIS)
    (root / "conf" / "experiment" / "own.yaml").write_text(OWN)

    def call(script: str, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, f"pipelines/{script}", *arguments],
            cwd=root,
            env=environment() | {"DVC_ROOT": str(root)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    call("prepare.py", *(PREPARED.get(case) or [each for each in CASES[case] if each.startswith("data")]))
    sweep = ("batch_size=1,8,full", "learning_rate=0.1,0.30000000000000004", "seed=0,1,2")
    grids = "hydra.sweeper.grids=[{},{batch_size: 1, repeat: until_satisfied, repeat.tolerance: 0.123456789}]"
    results = root / "results" / "experiment" / "tried"
    call("train.py", "-m", *CASES[case], *sweep, grids, f"sweep.results={results}/train")
    call("evaluate.py", str(results))
    page = (results / "evaluate" / "report.html").read_text()
    commands = [
        unescape(each) for each in re.findall(r"<code>(python pipelines/train\.py -m.*?)</code>", page)
    ]
    assert len(commands) == (8 if case == "two networks" else 4)  # a mode each
    for command in commands:
        arguments = shlex.split(command)[2:]
        # Nothing to train: each run that it plans is one of those that are complete.
        assert "2 runs: 2 reused, 0 to train" in call("train.py", *arguments, "dry_run=true")


IRIS = "length,width,species\n" + "".join(
    f"{row % 9}.{row % 7},{row % 5}.5,{('setosa', 'versicolor', 'virginica')[row % 3]}\n"
    for row in range(150)
)
