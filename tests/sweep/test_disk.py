"""What disk a sweep needs is said before it starts, where that is much; a full disk is called that."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from hydra import compose, initialize_config_dir

from perbatch.backprop import Network
from perbatch.errors import UserError
from perbatch.runs import encoded, places
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
    assert disk.check({tmp_path: 2 * 10**8}) is None


def test_what_is_much_is_said_with_what_is_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10**11))
    needs = {tmp_path / "not" / "there": 23 * 10**9, tmp_path / "encoded": 4 * 10**8}
    assert disk.check(needs) == f"this sweep needs about 23.4 GB of disk in {tmp_path}; 100.0 GB are free"


def test_what_is_much_and_not_there_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10**10))
    with pytest.raises(UserError, match=r"needs about 23\.0 GB of disk in .*; 10\.0 GB are free: make room"):
        disk.check({tmp_path: 23 * 10**9})


def test_a_sweep_without_its_disk_trains_nothing(
    tmp_path: Path, here: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10**9))
    wide = ("model.hidden=[3000,3000]", f"sweep.results={tmp_path}", "hydra/launcher=basic")
    with pytest.raises(UserError, match=r"this sweep needs about 1\.\d GB of disk"):
        here.call("-m", "seed=range(0,6)", "epochs=1", *wide)
    assert not list(here.root.glob("runs/*/*"))


@pytest.mark.parametrize("model", ["model.dtype=float32", "model.bias=false"])
def test_the_copy_of_large_data_is_counted_until_it_is_made(
    workspace: Path, prepared: Path, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    monkeypatch.setattr(places, "PREPARED", shutil.copytree(prepared, workspace / "data" / "prepared"))
    with initialize_config_dir(str(places.CONF), version_base="1.3"):
        config = compose("config", [model])
    run = Run.of(config)
    assert disk.copy(run) is None
    monkeypatch.setattr(encoded, "LARGE", 1)
    folder, needed = disk.copy(run) or (workspace, 0)
    encoded.load("digits", run.config["data"], config.model.dtype, config.model.bias)
    assert needed == sum(path.stat().st_size - 128 for path in folder.parent.glob(f"*/{folder.name}/X_*.npy"))
    assert disk.copy(run) is None


def test_a_store_on_a_full_disk_is_called_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mlflow.db").mkdir()  # SQLite cannot use it, whatever the disk
    with pytest.raises(StoreUnavailable, match=r"cannot be written \(Is a directory"):
        locate(None, tmp_path).check()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    with pytest.raises(StoreUnavailable, match="cannot be written, for its disk is full; make room"):
        locate(None, tmp_path).check()
