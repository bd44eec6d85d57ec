"""What jobs on other machines are told of the store."""

from collections.abc import Callable
from pathlib import Path

import pytest
from omegaconf import DictConfig

from perbatch.launch import launchers
from perbatch.tracking import locate

Compose = Callable[..., DictConfig]


@pytest.mark.parametrize(
    "uri", ["http://mlflow.example.org", "postgresql://me@db.example.org/mlflow?sslmode=require"]
)
@pytest.mark.parametrize("launcher", ["slurm", "dask", "cluster"])
def test_the_address_of_a_server_or_database_is_told_them(
    composed: Compose, tmp_path: Path, launcher: str, uri: str
) -> None:
    told = launchers.overrides(composed(f"hydra/launcher={launcher}"), locate(uri, tmp_path).uri)
    config = composed(*told)
    assert (config.tracking.uri, config.tracking.live) == (uri, True)


def test_sqlite_is_left_to_the_driver(composed: Compose, tmp_path: Path) -> None:
    store = locate(None, tmp_path).uri
    assert launchers.overrides(composed("hydra/launcher=dask"), store) == ["tracking.live=false"]
    assert launchers.overrides(composed("hydra/launcher=joblib"), store) == []
