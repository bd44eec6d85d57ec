"""What disk a sweep needs is said before it starts, where that is much; a full disk is called that."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from hydra import compose, initialize_config_dir

from perbatch.backprop import Network
from perbatch.runs import places
from perbatch.runs.run import Run
from perbatch.sweep import disk
from perbatch.tracking import StoreUnavailable, locate


@pytest.mark.parametrize(
    "overrides",
    [(), ("model.bias=false",), ("model.hidden=[]",), ("model.hidden=[7,5]", "model.dtype=float32")],
)
def test_the_bytes_are_those_of_the_network(workspace: Path, overrides: tuple[str, ...]) -> None:
    with initialize_config_dir(str(places.CONF), version_base="1.3"):
        config = compose("config", list(overrides))
    sizes = (64, *config.model.hidden, 10)
    network = Network(sizes, bias=config.model.bias, dtype=config.model.dtype)
    assert Run.of(config).bytes_of_weights == network.n_parameters * network.dtype.itemsize


def test_what_is_little_is_not_said(tmp_path: Path) -> None:
    assert disk.sentence(10**8, 10**8, tmp_path) is None


@pytest.mark.parametrize(("free", "enough"), [(10**11, True), (10**10, False)])
def test_what_is_much_is_said_with_what_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, enough: bool
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    weights = 20_000 * 32 * 8 * 1584
    said = disk.sentence(weights, weights, tmp_path / "not" / "there")
    assert said is not None and said.startswith(
        "the weights of this sweep's runs need about 24.3 GB of disk; "
    )
    assert ("make room" in said) is not enough


def test_a_store_on_a_full_disk_is_called_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mlflow.db").mkdir()  # SQLite cannot use it, whatever the disk
    with pytest.raises(StoreUnavailable, match=r"cannot be written \(Is a directory"):
        locate(None, tmp_path).check()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    with pytest.raises(StoreUnavailable, match="cannot be written, for its disk is full; make room"):
        locate(None, tmp_path).check()
