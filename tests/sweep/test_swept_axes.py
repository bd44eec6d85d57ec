"""A sweep of what else matters, evaluated: of two such axes one too many, which the message helps out of.

Published, each cell in MLflow holds one value of it, and is called as its runs say.
"""

import json
import re
import subprocess
import sys

import pandas as pd
import pytest

from copies import environment
from processes import BASIC, Place

GRID = ("batch_size=8,full", "learning_rate=0.1", "seed=0,1,2", "epochs=1", BASIC)


def call(place: Place, script: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(place.checkout / "pipelines" / f"{script}.py"), str(place.root)]
    env = environment() | {"DVC_ROOT": str(place.root)}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=300)


@pytest.mark.slow
def test_one_axis_beside_the_modes_is_compared_and_two_are_said(place: Place) -> None:
    activations = "model.activation=relu,tanh"
    place.run(activations, "shuffle=true,false", *GRID)
    (place.root / "train").symlink_to(place.root / "tables")
    refused = call(place, "evaluate")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "the runs differ in shuffle (True, False) and in activation (relu, tanh)" in refused.stderr
    advised = re.search(r"one value of each other, as (\S+), into", refused.stderr)
    assert advised is not None
    again = place.run("shuffle=true,false", advised[1], *GRID)
    assert "12 runs: 12 reused, 0 to train" in again
    done = call(place, "evaluate")
    assert (done.returncode, done.stderr) == (0, "")
    table = pd.read_csv(place.root / "evaluate" / "comparison.csv")
    contenders = set(table[["mode", "variant"]].itertuples(index=False, name=None))
    both = ("shuffle true", "shuffle false")
    assert contenders == {(mode, value) for mode in ("mini-batch", "full-batch") for value in both}
    chosen = json.loads((place.root / "evaluate" / "champion.json").read_text())
    assert chosen["variant"] in both
    assert "shuffle true against shuffle false" in (place.root / "evaluate" / "report.html").read_text()
    published = call(place, "publish")
    assert published.returncode == 0, published.stderr
    query = "SELECT name FROM runs JOIN tags USING (run_uuid) WHERE key = 'seeds' AND value = 'reported'"
    swept = [name.split()[2] for (name,) in place.query(query)]  # behind batch size and rate
    assert sorted(swept) == ["shuffle=false", "shuffle=false", "shuffle=true", "shuffle=true"]


CELLS = """
    SELECT cell.value, param.value, count(*) FROM tags AS cell JOIN params AS param USING (run_uuid)
    JOIN tags AS kind USING (run_uuid) WHERE kind.key = 'perbatch.kind' AND kind.value = '{kind}'
    AND cell.key = 'cell' AND param.key = '{param}' GROUP BY cell.value, param.value
"""


@pytest.mark.slow
def test_a_cell_in_mlflow_holds_one_activation(place: Place) -> None:
    place.run("model.activation=relu,tanh", *GRID)
    (place.root / "train").symlink_to(place.root / "tables")
    for script in ("evaluate", "publish"):
        done = call(place, script)
        assert done.returncode == 0, done.stderr
    runs = place.query(CELLS.format(kind="run", param="model.activation"))
    cells = place.query(CELLS.format(kind="cell", param="variant"))
    assert {value for _, value, _ in runs} == {"relu", "tanh"}
    assert [count for _, _, count in runs] == 4 * [3]  # seeds
    assert [count for _, _, count in cells] == 4 * [2]  # those that chose the rate, and those reported
    assert [cell[:2] for cell in cells] == [run[:2] for run in runs]
