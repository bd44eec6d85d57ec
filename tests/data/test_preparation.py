import json
import resource
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from perbatch.data import Source, load, settings_digest, training_examples
from perbatch.data.preparation import prepare
from perbatch.data.settings import check_settings
from perbatch.errors import UserError


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """What a full disk does: the write that exceeds it fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_the_files_and_nothing_else(classification: Source, settings: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "data" / "prepared" / "tiny"
    summary = prepare(classification, settings, folder)
    arrays = [f"{letter}_{part}.npy" for letter in "Xy" for part in ("test", "train", "validation")]
    assert sorted(contents(folder)) == sorted([*arrays, "summary.json"])
    assert [path.name for path in folder.parent.iterdir()] == ["tiny"]
    assert json.loads((folder / "summary.json").read_text()) == summary
    assert not folder.stat().st_mode & 0o077 ^ folder.parent.stat().st_mode & 0o077


def test_the_arrays_are_rows_of_the_source(
    classification: Source, settings: dict[str, Any], tmp_path: Path
) -> None:
    prepare(classification, {**settings, "scaling": "none"}, tmp_path / "tiny")
    for part, size in (("train", 20), ("validation", 8), ("test", 8)):
        X = np.load(tmp_path / "tiny" / f"X_{part}.npy", allow_pickle=False)
        y = np.load(tmp_path / "tiny" / f"y_{part}.npy", allow_pickle=False)
        rows = X[:, 0].astype(int)
        assert X.shape == (size, 3) and X.dtype == np.float64 and X.flags.c_contiguous
        assert y.dtype == np.int64
        assert np.array_equal(X, classification.X[rows]) and np.array_equal(y, classification.y[rows])


def test_the_summary_says_what_the_data_are(
    classification: Source, settings: dict[str, Any], tmp_path: Path
) -> None:
    summary = prepare(classification, {**settings, "scaling": "range"}, tmp_path / "tiny")
    assert summary["sizes"] == {"train": 20, "validation": 8, "test": 8}
    assert (summary["task"], summary["classes"]) == ("classification", ["a", "b", "c"])
    assert (summary["features"], summary["feature_names"]) == (3, ["f0", "f1", "f2"])
    assert summary["feature_range"] == [0.0, 1.0]
    assert (summary["target_mean"], summary["target_scale"]) == (None, None)
    assert (summary["title"], summary["origin"], summary["licence"]) == ("Tiny", "here", "CC0")
    assert summary["settings_digest"] == settings_digest({**settings, "scaling": "range"})


def test_a_regression_keeps_what_undoes_its_targets(
    regression: Source, settings: dict[str, Any], tmp_path: Path
) -> None:
    summary = prepare(regression, {**settings, "scaling": "none"}, tmp_path / "tiny")
    rows = np.load(tmp_path / "tiny" / "X_test.npy")[:, 0].astype(int)
    y = np.load(tmp_path / "tiny" / "y_test.npy")
    assert np.allclose(y * summary["target_scale"] + summary["target_mean"], regression.y[rows])
    assert (summary["task"], summary["classes"]) == ("regression", [])


@pytest.mark.parametrize("scaling", ["standard", "range", "none"])
def test_every_run_gives_the_same_bytes(
    scaling: str, regression: Source, classification: Source, settings: dict[str, Any], tmp_path: Path
) -> None:
    settings["scaling"] = scaling
    for source in (regression, classification):
        prepare(source, settings, tmp_path / "one")
        once = contents(tmp_path / "one")
        prepare(source, dict(reversed(settings.items())), tmp_path / "two")
        prepare(source, settings, tmp_path / "one")
        assert contents(tmp_path / "one") == once == contents(tmp_path / "two")


def test_the_digest_follows_the_arrays(
    classification: Source, settings: dict[str, Any], tmp_path: Path
) -> None:
    digests = {prepare(classification, settings, tmp_path / "tiny")["digest"]}
    digests.add(prepare(classification, {**settings, "scaling": "range"}, tmp_path / "tiny")["digest"])
    settings["split"]["seed"] = 1
    digests.add(prepare(classification, settings, tmp_path / "tiny")["digest"])
    assert len(digests) == 3


def test_new_data_replace_the_old_whole(
    classification: Source, settings: dict[str, Any], tmp_path: Path
) -> None:
    prepare(classification, settings, tmp_path / "tiny")
    (tmp_path / "tiny" / "left.npy").write_bytes(b"of an older version")
    prepare(classification, settings, tmp_path / "tiny")
    assert "left.npy" not in contents(tmp_path / "tiny")
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]


@pytest.mark.parametrize("change", [{"train": 41}, {"train": 0}, {"test": 2}, {"seed": -1}])
def test_bad_input_writes_nothing_and_keeps_the_old(
    change: dict[str, int], classification: Source, settings: dict[str, Any], tmp_path: Path
) -> None:
    bad = {**settings, "split": {**settings["split"], **change}}
    with pytest.raises(UserError, match=rf"^data\.split\.{next(iter(change))} is"):
        prepare(classification, bad, tmp_path / "data" / "tiny")
    assert list(tmp_path.iterdir()) == []
    prepare(classification, settings, tmp_path / "tiny")
    before = contents(tmp_path / "tiny")
    with pytest.raises(UserError):
        prepare(classification, bad, tmp_path / "tiny")
    assert contents(tmp_path / "tiny") == before


@pytest.mark.parametrize("size", [100, 150, 300, 700])
def test_a_full_disk_is_said_and_keeps_the_old(
    size: int, classification: Source, settings: dict[str, Any], tmp_path: Path
) -> None:
    prepare(classification, settings, tmp_path / "tiny")
    before = contents(tmp_path / "tiny")
    with (
        files_no_larger_than(size),
        pytest.raises(UserError, match=r"cannot be written to .*tiny \(File too large\)"),
    ):
        prepare(classification, {**settings, "scaling": "range"}, tmp_path / "tiny")
    assert contents(tmp_path / "tiny") == before
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]


def test_a_disk_that_fills_up_within_the_last_block_is_noticed(
    make_source: Callable[..., Source], settings: dict[str, Any], tmp_path: Path
) -> None:
    settings["split"]["train"] = 100  # X_train.npy: 2,528 bytes, the only file above the limit
    source = make_source(np.arange(120.0))
    with files_no_larger_than(2500), pytest.raises(UserError, match="File too large"):
        prepare(source, settings, tmp_path / "tiny")
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_between_the_renames_keeps_the_old(
    classification: Source, settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(classification, settings, tmp_path / "tiny")
    before = contents(tmp_path / "tiny")
    rename = Path.rename

    def interrupted(path: Path, target: Path) -> Path:
        if path.suffix == ".new":
            raise KeyboardInterrupt
        return rename(path, target)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "rename", interrupted)
        prepare(classification, {**settings, "scaling": "range"}, tmp_path / "tiny")
    assert contents(tmp_path / "tiny") == before
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]


def test_a_place_that_cannot_hold_a_folder(
    classification: Source, settings: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_text("kept")
    for folder in (file, file / "tiny"):
        with pytest.raises(
            UserError, match=r"^the prepared data cannot be written to .* \(Not a directory\)$"
        ):
            prepare(classification, settings, folder)
    assert contents(tmp_path) == {"file": b"kept"}


def test_a_linked_folder_stays_linked(
    classification: Source, settings: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "tiny").symlink_to(tmp_path / "elsewhere")
    for _ in range(2):
        prepare(classification, settings, tmp_path / "tiny")
    assert (tmp_path / "tiny").is_symlink()
    assert "summary.json" in contents(tmp_path / "elsewhere")


def test_constant_targets_in_training_are_refused(
    make_source: Callable[..., Source], settings: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=r"every target of the training part is 1\.0"):
        prepare(make_source(np.ones(40)), settings, tmp_path / "tiny")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("scaling", ["standard", "range", "none"])
def test_memory_stays_below_three_times_the_arrays(
    scaling: str, make_source: Callable[..., Source], settings: dict[str, Any], tmp_path: Path
) -> None:
    tracemalloc.start()
    try:
        X = np.random.default_rng(0).normal(size=(20_000, 100))
        source = make_source(np.arange(20_000) % 3, ("a", "b", "c"), X)
        del X
        settings |= {
            "scaling": scaling,
            "split": {"train": 15_000, "validation": 2500, "test": 2500, "seed": 0},
        }
        prepare(source, settings, tmp_path / "tiny")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3 * source.X.nbytes


def test_copies_repeat_the_training_part_and_nothing_else(
    classification: Source, settings: dict[str, Any], tmp_path: Path
) -> None:
    prepare(classification, settings, tmp_path / "once")
    prepare(classification, {**settings, "copies": 3}, tmp_path / "thrice")
    once, thrice = load(tmp_path / "once", settings), load(tmp_path / "thrice", {**settings, "copies": 3})
    assert training_examples({**settings, "copies": 3}) == len(thrice.y_train) == 60
    assert np.array_equal(thrice.X_train, np.tile(once.X_train, (3, 1)))
    assert np.array_equal(thrice.X_test, once.X_test)


def test_sorted_puts_the_training_part_in_the_order_of_its_classes(
    classification: Source, settings: dict[str, Any], tmp_path: Path
) -> None:
    prepare(classification, settings, tmp_path / "drawn")
    prepare(classification, {**settings, "sorted": True}, tmp_path / "sorted")
    drawn, ordered = (
        load(tmp_path / "drawn", settings),
        load(tmp_path / "sorted", {**settings, "sorted": True}),
    )
    assert (np.diff(ordered.y_train) >= 0).all()
    assert not (np.diff(drawn.y_train) >= 0).all()
    assert np.array_equal(np.sort(ordered.X_train, axis=0), np.sort(drawn.X_train, axis=0))
    assert np.array_equal(ordered.y_validation, drawn.y_validation)


@pytest.mark.parametrize(("key", "value"), [("copies", 0), ("copies", 1.5), ("sorted", "yes"), ("sorted", 1)])
def test_a_bad_layout_names_the_key(key: str, value: object, settings: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=rf"^data\.{key} is "):
        check_settings({**settings, key: value})
