"""Parquet files: every column as its type says; the index that pandas writes beside them is none."""

import logging
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import types

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
        own, beside = wanted(path, schema.names, target, drop)
        features = [name for name in beside if name not in index]
        if left_out := [name for name in beside if name in index]:
            log.info("%s has an index beside its columns, left out: %s", path.name, listed(left_out))
        if not features:
            raise UserError(f"{path.name} has no column beside the target; at least one feature is needed")
        kinds = dict(zip(schema.names, schema.types, strict=True))
        _check_types(path, {name: kinds[name] for name in [*features, own]})
        texts = {place: name for place, name in enumerate(features) if not _is_number(kinds[name])}
        numbers = [name for name in features if _is_number(kinds[name])]
        whole = np.array([types.is_integer(kinds[name]) for name in numbers], dtype=bool)
        X, large = _numbers(file, numbers, whole)
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
            _target(_column(file, own)),
            lambda row: f"row {row + 1} (position {row} in pandas)",
        )


def _numbers(file: pq.ParquetFile, names: list[str], whole: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The columns of numbers, and in which of them whole numbers are too large for float64."""
    rows = file.metadata.num_rows
    X, large = np.empty((rows, len(names))), np.zeros(len(names), dtype=bool)
    with bar("reading cells", X.size, "") as shown:
        for first in range(0, len(names), COLUMNS):
            group, done = slice(first, first + COLUMNS), 0
            for values in _blocks(file, names[group]):
                X[done : done + len(values), group] = values
                large[group] |= whole[group] & (np.abs(values) >= LARGEST_WHOLE).any(axis=0)
                done += len(values)
                shown.update(values.size)
            if done < rows:
                raise pa.ArrowInvalid(
                    f"columns {names[first]} to {names[group][-1]} have {done} of {rows} rows"
                )
    return X, large


def _blocks(file: pq.ParquetFile, names: list[str]) -> Iterator[np.ndarray]:
    """The numbers of the columns, some rows at a time."""
    schema = pa.schema([(name, pa.float64()) for name in names])
    for batch in file.iter_batches(max(1, VALUES // len(names)), columns=names, use_threads=False):
        # The columns come in the file's order, which is that of the names.
        yield _exact(batch).cast(schema, safe=False).to_tensor(null_to_nan=True, row_major=True).to_numpy()


def _exact(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Decimals as text, which Arrow turns into the nearest float64: its own way to it rounds twice."""
    for place, kind in enumerate(batch.schema.types):
        if types.is_decimal(kind):
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


def _check_types(path: Path, kinds: dict[str, pa.DataType]) -> None:
    nested = [
        f"column {name!r} of {path.name} holds {kind}"
        for name, kind in kinds.items()
        if types.is_nested(kind) or _is_binary(kind)
    ]
    if nested:
        raise UserError(f"{listed(nested)}; single numbers, truth values or texts are needed")


def _is_number(kind: pa.DataType) -> bool:
    tests = (types.is_integer, types.is_floating, types.is_boolean, types.is_decimal, types.is_null)
    return any(test(kind) for test in tests)


def _is_binary(kind: pa.DataType) -> bool:
    if types.is_dictionary(kind):
        return _is_binary(kind.value_type)
    return bool(types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind))


def _column(file: pq.ParquetFile, name: str) -> pa.Array:
    column = file.read([name], use_threads=False).column(0).combine_chunks()
    if len(column) != file.metadata.num_rows:
        raise pa.ArrowInvalid(f"column {name} has {len(column)} of {file.metadata.num_rows} rows")
    return column


def _target(column: pa.Array) -> np.ndarray | pa.Array:
    """Numbers as numbers, all else as text with its gaps."""
    if _is_number(column.type) and not types.is_boolean(column.type) and not column.null_count:
        column = column.cast(pa.string()).cast(pa.float64()) if types.is_decimal(column.type) else column
        return column.to_numpy(zero_copy_only=False)
    return _as_text(column)


def _as_text(column: pa.Array) -> pa.Array:
    """As pandas writes the values; what has none is null."""
    if types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if types.is_string(column.type) or types.is_large_string(column.type):
        return column.cast(pa.string())
    values = column.to_pandas()
    return pa.array(values.astype(str).where(values.notna(), None).astype(object), pa.string())
