"""The one copy of large data that all workers of a machine map."""

import logging
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from omegaconf import DictConfig

from perbatch.backprop import Encoded, Network, generators, train
from perbatch.data import Source, load
from perbatch.data.preparation import prepare
from perbatch.errors import UserError
from perbatch.runs import encoded, identity, places
from perbatch.runs.run import Run
from perbatch.runs.training import train_run

Compose = Callable[..., DictConfig]


@pytest.fixture
def own_data(tmp_path: Path, prepared: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Both shipped data sets, in a folder of one's own, and all of them counted as large."""
    monkeypatch.setattr(places, "PREPARED", shutil.copytree(prepared, tmp_path / "data" / "prepared"))
    monkeypatch.setattr(encoded, "LARGE", 1)
    return tmp_path / "data"


@pytest.fixture
def settings(own_data: Path, composed: Compose) -> dict[str, Any]:
    return identity.plain(composed("data=digits").data)  # type: ignore[no-any-return]


def copies(own_data: Path) -> list[Path]:
    return sorted(path for path in own_data.glob("encoded/**/*") if path.is_file() and path.name != "lock")


@pytest.mark.parametrize("engine", ["numpy", "compiled"])
@pytest.mark.parametrize("choice", ["data=digits", "data=diabetes model=regressor"])
@pytest.mark.parametrize("model", ["model.dtype=float32", "model.dtype=float64 model.bias=false"])
def test_a_run_has_the_bits_of_one_that_copies_its_data(
    engine: str, choice: str, model: str, own_data: Path, composed: Compose
) -> None:
    config = composed(*choice.split(), *model.split(), f"engine={engine}", "epochs=2", "batch_size=7")
    settings, name = identity.plain(config.data), config.data.name
    found = [encoded.load(name, settings, config.model.dtype, config.model.bias) for _ in range(2)]
    assert len(copies(own_data)) == 5
    plain = load(places.PREPARED / name, settings)
    wanted = train_run(Run.of(config), plain, lambda row: None)
    for data in found:
        outcome = train_run(Run.of(config), data, lambda row: None)
        assert outcome.theta.tobytes() == wanted.theta.tobytes()
        without_seconds = [
            re.sub(r",[^,]*$", "", text, flags=re.M) for text in (outcome.history, wanted.history)
        ]
        assert without_seconds[0] == without_seconds[1]


def test_small_data_need_no_file(
    own_data: Path, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoded, "LARGE", 10**9)
    data = encoded.load("digits", settings, "float32", True)
    assert data.X_train.rows.shape == (1000, 65)
    assert not (own_data / "encoded").exists()


def test_what_was_made_is_mapped_and_not_made_again(own_data: Path, settings: dict[str, Any]) -> None:
    encoded.load("digits", settings, "float32", True)
    before = [path.stat().st_mtime_ns for path in copies(own_data)]
    (own_data / "prepared" / "digits" / "X_train.npy").unlink()
    data = encoded.load("digits", settings, "float32", True)
    assert [path.stat().st_mtime_ns for path in copies(own_data)] == before
    base = data.X_train.rows
    while isinstance(base, np.ndarray) and base.base is not None:
        base = base.base
    assert type(base).__name__ == "mmap"


def test_writing_to_the_mapped_data_alters_no_file(own_data: Path, settings: dict[str, Any]) -> None:
    encoded.load("digits", settings, "float32", True).X_train.rows[:] = 0
    assert encoded.load("digits", settings, "float32", True).X_train.rows.any()


@pytest.mark.parametrize("name", ["X_train.npy", "y_validation.npy", "digest"])
@pytest.mark.parametrize(
    "harm", [lambda whole: whole[:-3], lambda whole: whole[:-1] + b"?", lambda whole: b""]
)
def test_a_damaged_copy_is_made_again(
    name: str, harm: Callable[[bytes], bytes], own_data: Path, settings: dict[str, Any]
) -> None:
    encoded.load("digits", settings, "float32", True)
    (path,) = own_data.glob(f"encoded/*/*/*/{name}")
    whole = path.read_bytes()
    path.write_bytes(harm(whole))
    data = encoded.load("digits", settings, "float32", True)
    assert path.read_bytes() == whole
    assert np.array_equal(data.y_train, load(places.PREPARED / "digits", settings).y_train)


def test_a_copy_of_other_data_is_not_taken_and_goes(
    own_data: Path, settings: dict[str, Any], composed: Compose, forget: Callable[[], None]
) -> None:
    mapped = encoded.load("digits", settings, "float32", True).X_train.rows
    before, values = copies(own_data), mapped.copy()
    source = Source(
        X=np.random.default_rng(0).normal(size=(1797, 64)),
        y=np.arange(1797) % 10,
        classes=tuple("0123456789"),
        feature_names=tuple(f"f{column}" for column in range(64)),
        title="Others",
        origin="here",
        licence="CC0",
    )
    prepare(source, settings, places.PREPARED / "digits")
    data = encoded.load("digits", settings, "float32", True)
    wanted = load(places.PREPARED / "digits", settings).X_train.astype(np.float32)
    assert np.array_equal(data.X_train.rows[:, :-1], wanted)
    assert not any(path.exists() for path in before)
    assert len(copies(own_data)) == 5
    assert np.array_equal(mapped, values)  # a run that still trains on it


def test_damaged_data_make_no_copy(own_data: Path, settings: dict[str, Any]) -> None:
    path = own_data / "prepared" / "digits" / "X_test.npy"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(UserError, match="are damaged"):
        encoded.load("digits", settings, "float32", True)
    assert copies(own_data) == []


def test_numbers_that_overflow_in_the_precision_are_refused(
    own_data: Path, settings: dict[str, Any], forget: Callable[[], None]
) -> None:
    data = load(places.PREPARED / "digits", settings)
    source = Source(
        X=np.where(np.arange(1797)[:, None] % 3 == 0, 1e300, np.ones((1797, 64))),
        y=np.arange(1797) % 10,
        classes=tuple("0123456789"),
        feature_names=tuple(data.summary["feature_names"]),
        title="Large",
        origin="here",
        licence="CC0",
    )
    prepare(source, settings | {"scaling": "none"}, places.PREPARED / "digits")
    with pytest.raises(ValueError, match="must hold finite numbers in float32"):
        encoded.load("digits", settings | {"scaling": "none"}, "float32", True)
    assert copies(own_data) == []


def test_where_no_copy_can_be_written_each_worker_has_its_own(
    own_data: Path, settings: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    (own_data / "encoded").write_text("in the way")
    with caplog.at_level(logging.WARNING):
        data = encoded.load("digits", settings, "float32", True)
    assert data.X_train.rows.shape == (1000, 65)
    assert "cannot be written (Not a directory): each worker keeps a copy of the data" in caplog.text


def test_inputs_encoded_for_another_network_are_refused() -> None:
    data = Encoded(np.ones((4, 3), np.float32), bias=True)
    network = Network([3, 2], dtype="float32")
    with pytest.raises(ValueError, match="X is encoded for 2 inputs in float32, bias True, not for 3"):
        train(
            network,
            network.init(generators(0)[0]),
            data,
            np.array([0, 1, 0, 1]),
            batch_size=2,
            learning_rate=0.1,
            epochs=1,
            seed=0,
        )


WORKER = """
import json, re, sys
from pathlib import Path
from perbatch.runs import encoded, places

def own():
    return int(re.search(r"^Anonymous:\\s+(\\d+)", Path("/proc/self/smaps_rollup").read_text(), re.M)[1])

places.PREPARED = Path(sys.argv[1])
settings = json.loads((places.PREPARED / "large" / "summary.json").read_text())["settings"]
print("ready", flush=True)
sys.stdin.readline()
before = own()
data = encoded.load("large", settings, "float32", True)
total = data.X_train.rows.sum() + data.X_validation.rows.sum()
print(own() - before, data.X_train.rows.nbytes // 1024, total, flush=True)
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/smaps_rollup"), reason="Linux tells what is shared")
def test_workers_that_start_at_once_share_one_copy(tmp_path: Path) -> None:
    rows = 120_000
    source = Source(
        X=np.random.default_rng(0).normal(size=(rows, 100)),
        y=np.arange(rows) % 2,
        classes=("no", "yes"),
        feature_names=tuple(f"f{column}" for column in range(100)),
        title="Large",
        origin="here",
        licence="CC0",
    )
    settings = {
        "name": "large",
        "reader": {"_target_": "somewhere.read"},
        "split": {"train": 100_000, "validation": 10_000, "test": 10_000, "seed": 0},
        "scaling": "none",
    }
    prepare(source, settings, tmp_path / "prepared" / "large")
    command = [sys.executable, "-c", WORKER, str(tmp_path / "prepared")]
    workers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    said = [worker.communicate("go\n", timeout=100)[0].split() for worker in workers]
    assert len({total for _, _, total in said}) == 1
    # The one that made the copy read the data in blocks; labels and the allocator's own are small.
    grown = sorted(int(own) for own, _, _ in said)
    size = int(said[0][1])
    assert grown[1] < size / 4, said
    assert len(list(tmp_path.glob("encoded/large/*/*/*"))) == 5
