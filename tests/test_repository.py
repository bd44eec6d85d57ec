"""The committed state of the pipeline belongs to the committed code and parameters."""

import os
import subprocess
import sys
from pathlib import Path

from omegaconf import OmegaConf

from fingerprint import digests
from perbatch.runs.schema import Config

ROOT = Path(__file__).resolve().parents[1]


def test_the_committed_digests_are_those_of_the_code() -> None:
    committed = OmegaConf.load(ROOT / "results" / "fingerprint.yaml")
    assert digests() == committed


def test_dvc_knows_that_nothing_changed_since() -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    status = subprocess.run(
        ["dvc", "status", "fingerprint", "benchmark"],
        cwd=ROOT,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "up to date" in status.stdout, status.stdout


def test_params_repeats_nothing_that_conf_owns() -> None:
    params = OmegaConf.to_container(OmegaConf.load(ROOT / "params.yaml"))
    config = OmegaConf.to_container(OmegaConf.structured(Config))
    allowed = set(config) | {"grids"}  # type: ignore[arg-type]
    assert set(params["train"]) <= allowed  # type: ignore[index,call-overload]
    owned = (ROOT / "conf" / "config.yaml").read_text()
    for key in ("target", "tuning_seeds", "mini_batch"):
        assert f"\n{key}:" not in owned
