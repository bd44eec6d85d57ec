"""Generated Parquet files and arrays: exactly what was written, or one sentence."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st
from test_oracle import AMBIGUITIES, attempt, generated, quiet, spellings

from perbatch.data.readers import arrays, table

__all__ = ["quiet"]


TYPES = [
    pa.int8(),
    pa.int64(),
    pa.uint16(),
    pa.float32(),
    pa.float64(),
    pa.bool_(),
    pa.float16(),
    pa.decimal128(9, 3),
]


@given(
    st.data(),
    st.integers(2, 10),
    st.lists(st.sampled_from(TYPES), min_size=1, max_size=4),
    st.sampled_from([pa.string(), pa.large_string(), pa.int32(), pa.float32(), pa.bool_(), "dictionary"]),
    st.sampled_from([1, 3, 100]),
)
@generated
def test_parquet(
    tmp_path: Path, data: st.DataObject, rows: int, kinds: list[pa.DataType], kind: Any, group: int
) -> None:
    columns = {
        f"c{place}": pa.array(data.draw(cells_of(each, rows)), each) for place, each in enumerate(kinds)
    }
    if isinstance(kind, str):
        target = pa.array(data.draw(cells_of(pa.string(), rows)), pa.string()).dictionary_encode()
    else:
        target = pa.array(data.draw(cells_of(kind, rows)), kind)
    made = pa.table({**columns, "t": target})
    pq.write_table(made, tmp_path / "own.parquet", row_group_size=group)
    source = attempt(table.read, str(tmp_path / "own.parquet"), "t")
    if isinstance(source, str):
        assert any(re.search(each, source) for each in AMBIGUITIES.values()), source
        return
    values = [[float(cell) for cell in column.to_pylist()] for column in columns.values()]
    assert np.array_equal(source.X, np.array(values).T)
    written = target.to_pylist()
    if source.task == "regression":
        assert source.y.tolist() == [float(each) for each in written]
    elif isinstance(written[0], float):
        assert [float(source.classes[label]) for label in source.y] == written
    else:
        assert [source.classes[label] for label in source.y] == [str(each) for each in written]


def cells_of(kind: pa.DataType, rows: int) -> st.SearchStrategy[list]:
    one: Any
    if pa.types.is_boolean(kind):
        one = st.booleans()
    elif pa.types.is_integer(kind):
        signed = not str(kind).startswith("u")
        one = st.integers(-128 if signed else 0, 127)
        if kind == pa.int64():
            one = st.integers(-(2**60), 2**60) | one
    elif pa.types.is_decimal(kind):
        one = st.decimals(-999, 999, places=3)
    elif pa.types.is_floating(kind):
        one = st.floats(width={pa.float16(): 16, pa.float32(): 32}.get(kind, 64), allow_nan=False)
    else:
        one = spellings
    gap = st.integers(0, 40).map(lambda draw: draw == 0)
    return st.lists(
        st.tuples(one, gap).map(lambda pair: None if pair[1] else pair[0]), min_size=rows, max_size=rows
    )


DTYPES = [
    "?",
    "i1",
    "u1",
    "i2",
    "u4",
    "i8",
    "u8",
    "f2",
    "f4",
    "f8",
    "g",
    "F",
    "U3",
    "S3",
    "M8[s]",
    "m8[s]",
    "V2",
]


@given(
    st.data(),
    st.sampled_from(DTYPES),
    st.sampled_from(DTYPES),
    st.sampled_from("<>"),
    st.sampled_from("<>"),
    st.booleans(),
    st.sampled_from(["own.npz", "OWN.NPZ"]),
    st.sampled_from([(6, 2), (6, 1), (6, 2, 3)]),
)
@generated
def test_arrays(
    tmp_path: Path,
    data: st.DataObject,
    of_X: str,
    of_y: str,
    order_X: str,
    order_y: str,
    fortran: bool,
    name: str,
    shape: tuple[int, ...],
) -> None:
    X, y = (
        drawn(data, kind, order, size)
        for kind, order, size in ((of_X, order_X, shape), (of_y, order_y, shape[:1]))
    )
    with (tmp_path / name).open("wb") as file:
        np.savez(file, X=np.asfortranarray(X) if fortran else X, y=y)
    source = attempt(arrays.read, str(tmp_path / name))
    if isinstance(source, str):
        assert any(re.search(kind, source) for kind in AMBIGUITIES.values()), source
        return
    assert np.array_equal(source.X, X.reshape(len(X), -1).astype(np.float64))
    if source.task == "regression":
        assert np.array_equal(source.y, y.astype(np.float64))
    elif y.dtype.kind in "iuf":
        assert np.array_equal([float(source.classes[label]) for label in source.y], y.astype(np.float64))
    else:
        text = np.char.decode(y, "utf-8") if y.dtype.kind == "S" else y
        assert [source.classes[label] for label in source.y] == [str(each) for each in text]


def drawn(data: st.DataObject, kind: str, order: str, shape: tuple[int, ...]) -> np.ndarray:
    """An array of any values of a type, now and then with one that is none."""
    size = int(np.prod(shape))
    if kind[0] in "US":
        cells = data.draw(st.lists(spellings.map(lambda text: text[:3]), min_size=size, max_size=size))
        texts = np.array(cells, dtype="U3").reshape(shape)
        return texts.astype(order + "U3") if kind[0] == "U" else np.char.encode(texts, "utf-8")
    raw = data.draw(st.binary(min_size=16 * size, max_size=16 * size))
    small = np.frombuffer(raw, dtype="i1")[:size]
    if kind in ("f2", "f4", "f8", "i8", "u8") and data.draw(st.booleans()):
        dtype = np.dtype(kind)
        return (
            np.frombuffer(raw[: size * dtype.itemsize], dtype)
            .reshape(shape)
            .astype(dtype.newbyteorder(order))
        )
    if kind == "V2":
        return np.frombuffer(raw[: 2 * size], "V2").reshape(shape)
    with np.errstate(all="ignore"):
        return small.reshape(shape).astype(np.dtype(kind).newbyteorder(order))
