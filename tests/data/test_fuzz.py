"""Damaged and odd files: a reader refuses them in a sentence, or what it loads is what they say."""

import csv
import gzip
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from perbatch.data import Source
from perbatch.data.idx import read_idx
from perbatch.data.readers import arrays, images, table
from perbatch.errors import UserError

EXAMPLES = int(os.environ.get("PERBATCH_FUZZ", "60"))
"""Inputs that each test tries; PERBATCH_FUZZ=17000 makes 10^5 of all together."""

fuzzed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    database=None,
)
edits = st.lists(
    st.tuples(st.floats(0, 1), st.sampled_from(["flip", "cut", "drop", "add"]), st.binary(max_size=4))
)


def edited(content: bytes, changes: list[tuple[float, str, bytes]]) -> bytes:
    """The content with bytes flipped, dropped or added, or cut off."""
    for share, how, piece in changes:
        place = int(share * max(len(content) - 1, 0))
        if how == "flip" and content and piece:
            content = content[:place] + bytes([content[place] ^ piece[0]]) + content[place + 1 :]
        elif how == "cut":
            content = content[:place]
        elif how == "drop":
            content = content[:place] + content[place + len(piece) :]
        elif how == "add":
            content = content[:place] + piece + content[place:]
    return content


def attempt(read: Callable[..., Any], *arguments: Any, **settings: Any) -> Any:
    """What the reader returns; None where it refuses in one sentence. Another exception is a failure."""
    try:
        return read(*arguments, **settings)
    except UserError as error:
        assert str(error).strip() and "\n" not in str(error)
        return None


IDX = gzip.compress(b"\0\0\x08\x02\0\0\0\x03\0\0\0\x05" + bytes(range(15)), mtime=0)


@given(edits)
@fuzzed
def test_idx(tmp_path: Path, changes: list) -> None:
    (tmp_path / "a.gz").write_bytes(content := edited(IDX, changes))
    array = attempt(read_idx, tmp_path / "a.gz")
    if array is not None:
        assert np.array_equal(array.ravel(), np.frombuffer(gzip.decompress(content), np.uint8)[-array.size :])


NPZ = io.BytesIO()
np.savez(NPZ, X=np.arange(8.0).reshape(4, 2), y=np.array(["a", "b", "a", "b"]))


@given(edits)
@fuzzed
def test_npz(tmp_path: Path, changes: list) -> None:
    (tmp_path / "a.npz").write_bytes(edited(NPZ.getvalue(), changes))
    source = attempt(arrays.read, str(tmp_path / "a.npz"))
    if source is not None:  # an archive has checksums: what is loaded is what was written
        assert np.array_equal(source.X, np.arange(8.0).reshape(4, 2)) and source.classes == ("a", "b")


PARQUET = io.BytesIO()
pd.DataFrame({"a": [1, 2, 3], "b": ["p", "q", "p"], "t": ["x", "y", "x"]}).to_parquet(PARQUET)


@example(changes=[(0.16510322842939099, "flip", b"\x01")])  # a column of fewer rows than the file has
@given(edits)
@fuzzed
def test_parquet(tmp_path: Path, changes: list) -> None:
    (tmp_path / "a.parquet").write_bytes(edited(PARQUET.getvalue(), changes))
    # Its pages have no checksums: a number that was changed is a number.
    attempt(table.read, str(tmp_path / "a.parquet"), "t", one_hot=True)


NPY = io.BytesIO()
np.save(NPY, np.arange(8.0).reshape(4, 2))


@given(edits, edits)
@fuzzed
def test_npy(tmp_path: Path, changes: list, of_labels: list) -> None:
    labels = io.BytesIO()
    np.save(labels, np.array(["a", "b", "a", "b"]))
    (tmp_path / "X.npy").write_bytes(content := edited(NPY.getvalue(), changes))
    (tmp_path / "y.npy").write_bytes(edited(labels.getvalue(), of_labels))
    source = attempt(arrays.read, str(tmp_path))
    if source is not None:
        wanted = np.load(io.BytesIO(content), allow_pickle=False)
        assert np.array_equal(source.X, wanted.reshape(len(wanted), -1).astype(float))


PNG = io.BytesIO()
Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8)).save(PNG, "PNG")


@given(edits)
@fuzzed
def test_png(tmp_path: Path, changes: list) -> None:
    for name in ("a/1.png", "b/1.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(PNG.getvalue())
    (tmp_path / "a" / "2.png").write_bytes(edited(PNG.getvalue(), changes))
    source = attempt(images.read, str(tmp_path))
    if source is not None:
        assert np.array_equal(source.X, np.tile(np.arange(64), (3, 1)))


numbers = st.one_of(st.integers(-(10**18), 10**18).map(str), st.floats(width=64).map(str))
odd = st.one_of(
    st.sampled_from(
        ["", "NA", "yes", "a b", '"q"', '"a,b"', '"', "1e400", "0x1", "1_0", " 3", "\0", "-", "007"]
    ),
    st.text(max_size=4),
)
small = st.integers(-99, 99).map(str)
rarely = st.integers(0, 30).map(lambda number: number == 0)


@st.composite
def csv_texts(draw: st.DrawFn) -> str:
    """A table of numbers and a target, in which now and then something is odd."""
    names = draw(
        st.sampled_from([["a", "b", "t"], ["t", "a"], ["a", "t", "b"], ["a", "a", "t"], ["a ", "t"]])
    )
    columns = [draw(st.sampled_from([small, numbers])) for _ in names]
    columns[names.index("t")] = draw(st.sampled_from([st.sampled_from("xyz"), small, numbers, odd]))
    rows = draw(st.lists(st.tuples(*columns), min_size=2, max_size=8))
    lines = [list(names), *(list(row) for row in rows)]
    if draw(rarely) or draw(rarely):
        line = lines[draw(st.integers(0, len(lines) - 1))]
        line[draw(st.integers(0, len(line) - 1))] = draw(odd)
    if draw(rarely):
        lines[draw(st.integers(0, len(lines) - 1))] += [draw(small)]
    return draw(st.sampled_from(["\n", "\r\n"])).join(",".join(line) for line in lines)


@given(csv_texts(), edits, rarely)
@fuzzed
def test_csv(tmp_path: Path, text: str, changes: list, damage: bool) -> None:
    content = text.encode("utf-8", "replace")
    content = edited(content, changes[:1]) if damage else content
    (tmp_path / "a.csv").write_bytes(content)
    source = attempt(table.read, str(tmp_path / "a.csv"), "t")
    if source is not None:
        check(source, content)


def check(source: Source, content: bytes) -> None:
    """Compare with what Python's own reader of CSV makes of the file."""
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    names, *rows = [line for line in lines if line]
    assert len(rows) == len(source.X)
    place = names.index("t")
    for row, x, y in zip(rows, source.X, source.y, strict=True):
        assert len(row) == len(names)
        # A first column without a name, which numbers the rows, is an index.
        left_out = {place} if names[0] in source.feature_names or place == 0 else {place, 0}
        numbers = [as_number(cell) for column, cell in enumerate(row) if column not in left_out]
        assert np.array_equal(numbers, x)
        if source.task == "regression":
            assert as_number(row[place]) == y
        elif as_number(row[place]) is None:
            assert source.classes[y] == row[place]


def as_number(cell: str) -> float | None:
    if cell.strip().lower() in ("true", "false"):
        return float(cell.strip().lower() == "true")
    try:
        return float(cell)
    except ValueError:
        return None


def test_the_undamaged_files_are_read(tmp_path: Path) -> None:
    """Or the tests above would show nothing."""
    (tmp_path / "a.gz").write_bytes(IDX)
    (tmp_path / "a.npz").write_bytes(NPZ.getvalue())
    (tmp_path / "a.csv").write_text("a,t\n1,x\n2,y\n")
    assert read_idx(tmp_path / "a.gz").shape == (3, 5)
    assert arrays.read(str(tmp_path / "a.npz")).X.shape == (4, 2)
    check(table.read(str(tmp_path / "a.csv"), "t"), (tmp_path / "a.csv").read_bytes())
    with pytest.raises(AssertionError):
        check(table.read(str(tmp_path / "a.csv"), "t"), b"a,t\n1,x\n3,y\n")
