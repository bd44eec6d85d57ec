"""The page on killed workers says what the launchers do."""

import re

import pytest

from copies import ROOT
from perbatch.launch import launchers
from perbatch.launch.launchers import DASK, LOCAL, SLURM, Kind

PAGE = (ROOT / "docs" / "explanation" / "killed-workers.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `(\w+)` \| .*? \| (.*?) \|", PAGE, re.M))


@pytest.mark.parametrize(("launcher", "kind"), [("joblib", LOCAL), ("slurm", SLURM), ("dask", DASK)])
def test_it_says_how_often_a_run_goes_out(composed, launcher: str, kind: Kind) -> None:
    assert launchers.kind(composed(f"hydra/launcher={launcher}")) is kind
    assert ROWS[launcher] == f"{kind.tries} times"
    assert f"{kind.tries} {kind.workers}" in PAGE


def test_it_has_every_launcher_of_the_config() -> None:
    files = {path.stem for path in (ROOT / "conf" / "hydra" / "launcher").glob("*.yaml")}
    assert ROWS.keys() == {"basic", "joblib", *files - {"cluster"}}


def test_an_earlier_name_is_the_same_launcher(composed) -> None:
    assert composed("hydra/launcher=cluster").hydra.launcher == composed("hydra/launcher=dask").hydra.launcher
