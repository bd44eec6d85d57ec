import json
import pickle
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from perbatch.data import Prepared, Source, blocks, load, load_summary
from perbatch.data.preparation import prepare
from perbatch.data.prepared import ARRAYS
from perbatch.errors import UserError

FILES = (*(f"{name}.npy" for name in ARRAYS), "summary.json")
Read = Callable[[Path, dict[str, Any]], Prepared]
COMMAND = "; prepare them with: python pipelines/prepare.py data=tiny"


@pytest.fixture
def folder(classification: Source, settings: dict[str, Any], tmp_path: Path) -> Path:
    prepare(classification, settings, tmp_path / "tiny")
    return tmp_path / "tiny"


def load_in_blocks(folder: Path, settings: dict[str, Any]) -> Prepared:
    """What `load` gives, of blocks of two or three rows."""
    summary = load_summary(folder, settings)
    parts: dict[str, list[np.ndarray]] = {name: [] for name in ARRAYS}
    for name, rows in blocks(folder, summary, size=64):
        parts[name].append(rows)
    assert len(parts["X_train"]) > 3
    return Prepared(**{name: np.concatenate(rows) for name, rows in parts.items()}, summary=summary)


@pytest.fixture(params=[load, load_in_blocks])
def whole(request: pytest.FixtureRequest) -> Read:
    """Both ways to have all of the arrays."""
    return request.param


def refusal(what: str) -> str:
    return f"{re.escape(what)}.*{re.escape(COMMAND)}$"


def test_load_gives_back_what_was_written(whole: Read, folder: Path, settings: dict[str, Any]) -> None:
    prepared = whole(folder, settings)
    for name in ARRAYS:
        assert np.array_equal(getattr(prepared, name), np.load(folder / f"{name}.npy"))
    assert (
        prepared.summary
        == load_summary(folder, settings)
        == json.loads((folder / "summary.json").read_text())
    )


def test_missing_data(whole: Read, folder: Path, settings: dict[str, Any]) -> None:
    for read in (load, load_summary):
        with pytest.raises(UserError, match=refusal(f"there are no prepared data in {folder / 'no'}")):
            read(folder / "no", settings)
    (folder / "y_test.npy").unlink()
    with pytest.raises(UserError, match=refusal(f"{folder / 'y_test.npy'} is missing")):
        whole(folder, settings)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"scaling": "range"}, "data.scaling is 'range', but the data in "),
        (
            {"split": {"train": 21, "validation": 8, "test": 8, "seed": 0}},
            "data.split.train is 21, but the data in ",
        ),
        ({"reader": {"_target_": "somewhere.read"}}, "data.reader.path is 'not set', but the data in "),
        (
            {"reader": {"_target_": "somewhere.read", "path": None}},
            "data.reader.path is None, but the data in ",
        ),
    ],
)
def test_other_settings_name_the_key(
    change: dict[str, Any], sentence: str, folder: Path, settings: dict[str, Any]
) -> None:
    for read in (load, load_summary):
        with pytest.raises(UserError, match=f"^{refusal(sentence)}"):
            read(folder, {**settings, **change})


def test_bad_settings_are_named_before_the_data_are_looked_at(folder: Path, settings: dict[str, Any]) -> None:
    settings["split"]["train"] = -1
    with pytest.raises(UserError, match=r"^data\.split\.train is -1; allowed is an integer of at least 1$"):
        load_summary(folder / "no", settings)


@pytest.mark.parametrize("name", FILES)
def test_every_truncation_is_refused(name: str, whole: Read, folder: Path, settings: dict[str, Any]) -> None:
    content = (folder / name).read_bytes()
    for length in (0, 5, 60, len(content) // 2, len(content) - 2):
        (folder / name).write_bytes(content[:length])
        with pytest.raises(UserError, match=refusal(f"{folder / name} is damaged")):
            whole(folder, settings)


@pytest.mark.parametrize("name", ARRAYS)
def test_a_flipped_byte_of_data_and_a_longer_file_are_refused(
    name: str, whole: Read, folder: Path, settings: dict[str, Any]
) -> None:
    path = folder / f"{name}.npy"
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(UserError, match=refusal(f"the prepared arrays in {folder} are damaged")):
        whole(folder, settings)
    path.write_bytes(content + b"\0")
    with pytest.raises(UserError, match=refusal(f"{path} is damaged")):
        whole(folder, settings)


def same(one: Prepared, other: Prepared) -> bool:
    arrays = all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ARRAYS)
    return arrays and one.summary == other.summary


@given(st.sampled_from(FILES), st.integers(0, 10**6), st.integers(1, 255))
@examples(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_flipped_byte_is_refused_or_changes_nothing(
    whole: Read, folder: Path, settings: dict[str, Any], name: str, position: int, flip: int
) -> None:
    content = (folder / name).read_bytes()
    sound = whole(folder, settings)
    damaged = bytearray(content)
    damaged[position % len(content)] ^= flip
    (folder / name).write_bytes(damaged)
    try:
        assert same(whole(folder, settings), sound)
    except UserError as error:
        assert str(error).endswith(COMMAND)
    finally:
        (folder / name).write_bytes(content)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b"null", b"\xff\xfe", b"[" * 100_000, b'{"digest": 1}']
)
def test_a_summary_that_is_none(content: bytes, folder: Path, settings: dict[str, Any]) -> None:
    (folder / "summary.json").write_bytes(content)
    for read in (load, load_summary):
        with pytest.raises(UserError, match=refusal(f"{folder / 'summary.json'} is damaged")):
            read(folder, settings)


def test_an_edited_summary_is_refused(folder: Path, settings: dict[str, Any]) -> None:
    path = folder / "summary.json"
    path.write_text(path.read_text().replace('"CC0"', '"MIT"'))
    with pytest.raises(UserError, match=refusal(f"{path} is damaged")):
        load_summary(folder, settings)


class Malicious:
    """Its pickle, once loaded, writes a file."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.trace,))


def test_no_pickle_is_ever_executed(
    whole: Read, folder: Path, settings: dict[str, Any], tmp_path: Path
) -> None:
    trace, path = tmp_path / "executed", folder / "X_train.npy"
    np.save(path, np.array([Malicious(trace)], dtype=object), allow_pickle=True)
    with pytest.raises(UserError, match=refusal(f"{path} is damaged")):
        whole(folder, settings)
    path.write_bytes(pickle.dumps(Malicious(trace)))
    with pytest.raises(UserError, match=refusal(f"{path} is damaged")):
        whole(folder, settings)
    assert not trace.exists()


def test_reading_prepared_data_needs_no_scikit_learn() -> None:
    code = "import sys; from perbatch.data import load; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
