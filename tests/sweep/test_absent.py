"""What a launcher needs and is not installed: one sentence with the command, before anything starts."""

import sys
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from perbatch.errors import UserError
from perbatch.launch import dask, slurm

CLUSTER = OmegaConf.create({"address": "tcp://127.0.0.1:1", "no_worker_timeout_min": 1})


def test_dask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UserError, match=r"Dask is not installed: pip install -e '\.\[dask\]'$"):
        dask.check(CLUSTER)


def test_submitit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "submitit", None)
    with pytest.raises(UserError, match=r"submitit is not installed: pip install -e '\.\[slurm\]'$"):
        slurm.check(OmegaConf.create())


def test_sbatch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="sbatch is not on this machine"):
        slurm.check(OmegaConf.create())
