"""A sweep of what else matters, evaluated: of two such axes one too many, which the message helps out of."""

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
    command = [sys.executable, str(place.checkout / "pipelines" / script), str(place.root)]
    env = environment() | {"DVC_ROOT": str(place.root)}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=300)


@pytest.mark.slow
def test_one_axis_beside_the_modes_is_compared_and_two_are_said(place: Place) -> None:
    activations = "model.activation=relu,tanh"
    place.run(activations, "shuffle=true,false", *GRID)
    (place.root / "train").symlink_to(place.root / "tables")
    refused = call(place, "evaluate.py")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "the runs differ in shuffle (True, False) and in activation (relu, tanh)" in refused.stderr
    advised = re.search(r"one value of each other, as (\S+), into", refused.stderr)
    assert advised is not None
    again = place.run("shuffle=true,false", advised[1], *GRID)
    assert "12 runs: 12 reused, 0 to train" in again
    done = call(place, "evaluate.py")
    assert (done.returncode, done.stderr) == (0, "")
    table = pd.read_csv(place.root / "evaluate" / "comparison.csv")
    contenders = set(table[["mode", "variant"]].itertuples(index=False, name=None))
    both = ("shuffle true", "shuffle false")
    assert contenders == {(mode, value) for mode in ("mini-batch", "full-batch") for value in both}
    chosen = json.loads((place.root / "evaluate" / "champion.json").read_text())
    assert chosen["variant"] in both
    assert "shuffle true against shuffle false" in (place.root / "evaluate" / "report.html").read_text()
    published = call(place, "publish.py")
    assert published.returncode == 0, published.stderr
    query = "SELECT name FROM runs JOIN tags USING (run_uuid) WHERE key = 'seeds' AND value = 'reported'"
    swept = [name.split()[2] for (name,) in place.query(query)]  # behind batch size and rate
    assert sorted(swept) == ["shuffle=false", "shuffle=false", "shuffle=true", "shuffle=true"]
