"""Parquet files: every column as its type says; the index that pandas writes beside them is none."""

import logging
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from perbatch.data.cells import LARGEST_WHOLE
from perbatch.data.frames import CELLS, Frame, check_names, wanted
from perbatch.data.problems import listed
from perbatch.data.progress import bar
from perbatch.errors import UserError

log = logging.getLogger(__name__)

VALUES = 2**19
"""Values that are read at once: Arrow's own copy of the whole table would be the peak of the memory used."""

COLUMNS = 2**11
"""Columns that are read at once: for each Arrow keeps a reader, larger than the values of a wide table."""

BUFFER = 2**16
"""Bytes of a column that are read at once, where Arrow would take all of them."""

_UNNAMED_INDEX = re.compile(r"__index_level_\d+__")


def read_parquet(path: Path, target: str, drop: Sequence[str]) -> Frame:
    """The table of a Parquet file; a UserError says which column cannot be used."""
    with pq.ParquetFile(path, pre_buffer=False, buffer_size=BUFFER) as file:
        rows, schema = file.metadata.num_rows, file.schema_arrow
        if rows * len(schema) > CELLS:
            raise UserError(
                f"{path.name} has {rows} rows of {len(schema)} columns; allowed are {CELLS} cells"
            )
        if not rows:
            raise UserError(f"{path.name} has no rows; at least two are needed")
        check_names(path, schema.names)
        index = _index(path, schema)
        columns = wanted(path, schema.names, target, [*drop])
        features = [name for name in columns.features if name not in index]
        if left_out := [name for name in columns.features if name in index]:
            log.info("%s has an index beside its columns, left out: %s", path.name, listed(left_out))
        if not features:
            raise UserError(f"{path.name} has no column beside the target; at least one feature is needed")
        types = dict(zip(schema.names, schema.types, strict=True))
        _check_types(path, {name: types[name] for name in [*features, columns.target]})
        texts = {place: name for place, name in enumerate(features) if not _is_number(types[name])}
        numbers = [name for name in features if _is_number(types[name])]
        whole = np.array([pa.types.is_integer(types[name]) for name in numbers], dtype=bool)
        X, large = _numbers(file, numbers, whole, rows)
        places = np.array([place for place in range(len(features)) if place not in texts], dtype=int)
        if texts:
            spread = np.full((rows, len(features)), np.nan)
            spread[:, places] = X
            X = spread
        return Frame(
            features,
            X,
            {place: _as_text(_column(file, name)) for place, name in texts.items()},
            places[large].tolist(),
            _target(_column(file, columns.target)),
            lambda row: f"row {row + 1} (position {row} in pandas)",
        )


def _numbers(
    file: pq.ParquetFile, names: list[str], whole: np.ndarray, rows: int
) -> tuple[np.ndarray, np.ndarray]:
    """The columns of numbers, and in which of them whole numbers are too large for float64."""
    X, large = np.empty((rows, len(names))), np.zeros(len(names), dtype=bool)
    with bar("reading cells", X.size, "") as shown:
        for first in range(0, len(names), COLUMNS):
            group = slice(first, first + COLUMNS)
            for cells in _fill(X[:, group], large[group], file, names[group], whole[group]):
                shown.update(cells)
    return X, large


def _fill(
    X: np.ndarray, large: np.ndarray, file: pq.ParquetFile, names: list[str], whole: np.ndarray
) -> Iterator[int]:
    """Put the columns' numbers in their place, some rows at a time; gives how many."""
    schema, done = pa.schema([(name, pa.float64()) for name in names]), 0
    for batch in file.iter_batches(max(1, VALUES // len(names)), columns=names, use_threads=False):
        # The columns come in the file's order, which is that of the names.
        values = _exact(batch).cast(schema, safe=False).to_tensor(null_to_nan=True, row_major=True).to_numpy()
        X[done : done + len(values)] = values
        done += len(values)
        with np.errstate(invalid="ignore"):
            large |= whole & (np.abs(values) >= LARGEST_WHOLE).any(axis=0)
        yield values.size
    if done < len(X):
        raise pa.ArrowInvalid(f"columns {names[0]} to {names[-1]} have {done} of {len(X)} rows")


def _exact(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Decimals as text, which Arrow turns into the nearest float64: its own way to it rounds twice."""
    for place, kind in enumerate(batch.schema.types):
        if pa.types.is_decimal(kind):
            batch = batch.set_column(place, batch.schema.names[place], batch.column(place).cast(pa.string()))
    return batch


def _index(path: Path, schema: pa.Schema) -> set[str]:
    """The columns in which pandas wrote the names of rows, by what it says of the file itself."""
    try:
        named = {
            name for name in (schema.pandas_metadata or {}).get("index_columns", ()) if isinstance(name, str)
        }
    except (ValueError, TypeError, AttributeError):
        raise UserError(
            f"{path.name} has a description by pandas that is damaged: what its index is, is not said"
        ) from None
    return named | {name for name in schema.names if _UNNAMED_INDEX.fullmatch(name)}


def _check_types(path: Path, types: dict[str, pa.DataType]) -> None:
    nested = [
        f"column {name!r} of {path.name} holds {kind}"
        for name, kind in types.items()
        if pa.types.is_nested(kind) or _is_binary(kind)
    ]
    if nested:
        raise UserError(f"{listed(nested)}; single numbers, truth values or texts are needed")


def _is_number(kind: pa.DataType) -> bool:
    return any(
        test(kind)
        for test in (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_decimal)
    ) or pa.types.is_null(kind)


def _is_binary(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_binary(kind.value_type)
    return bool(
        pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)
    )


def _column(file: pq.ParquetFile, name: str) -> pa.Array:
    column = file.read([name], use_threads=False).column(0).combine_chunks()
    if len(column) != file.metadata.num_rows:
        raise pa.ArrowInvalid(f"column {name} has {len(column)} of {file.metadata.num_rows} rows")
    return column


def _target(column: pa.Array) -> np.ndarray | pa.Array:
    """Numbers as numbers, all else as text with its gaps."""
    if _is_number(column.type) and not pa.types.is_boolean(column.type) and not column.null_count:
        column = column.cast(pa.string()).cast(pa.float64()) if pa.types.is_decimal(column.type) else column
        return column.to_numpy(zero_copy_only=False)
    return _as_text(column)


def _as_text(column: pa.Array) -> pa.Array:
    """As pandas writes the values; what has none is null."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return column.cast(pa.string())
    values = column.to_pandas()
    return pa.array(values.astype(str).where(values.notna(), None).astype(object), pa.string())
