"""Table files as data frames, read strictly: what pandas would guess or repair is refused."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from perbatch.data.given import missing
from perbatch.errors import UserError

CELLS = 500_000_000
"""Rows times columns that a table may have: 4 GB as numbers."""

ROWS = 50_000
"""How many rows are read at once: the parser's own memory is then small beside the table's."""

MISSING = ("", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "-nan", "-NaN", "null", "NULL", "None", "?")
"""What stands for no value in a column of features."""

_PANDAS_INDEX = re.compile(r"__index_level_\d+__")
"""What pandas calls the numbers of rows that it writes into a Parquet file: no feature."""

KINDS = (".csv", ".tsv", ".parquet")


def read_frame(path: Path, target: str, separator: str) -> pd.DataFrame:
    """The table of a `.csv`, `.tsv` or `.parquet` file, rows numbered from 0; the target of a CSV is text.

    A UserError says why a file cannot be used: missing, no such kind, damaged, doubled or absent names.
    """
    if not path.is_file():
        raise missing(path, "file")
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise UserError(f"data.reader.path is {str(path)!r}; allowed are files called {', '.join(KINDS)}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            pieces = _parquet(path) if kind == ".parquet" else _csv(path, target, separator, kind)
            frame = pd.concat(
                [piece for piece in pieces if len(piece)] or [pd.DataFrame()], ignore_index=True
            )
    except UserError:
        raise
    except UnicodeError:
        raise UserError(f"{path.name} is not text in UTF-8") from None
    except (
        pa.ArrowException,
        OSError,
        ValueError,
        OverflowError,
        MemoryError,
        pd.errors.ParserWarning,
    ) as error:
        raise UserError(f"{path.name} cannot be read as a table ({_line(error)})") from None
    if frame.empty:
        raise UserError(f"{path.name} has no rows; at least a row of names and two of values are needed")
    _check_kinds(path, frame)
    return frame


def _csv(path: Path, target: str, separator: str, kind: str) -> Iterator[pd.DataFrame]:
    if not isinstance(separator, str) or len(separator) != 1 or separator in '"\n\r':
        raise UserError(f"data.reader.separator is {separator!r}; allowed is one character, as ',' or ';'")
    how = {"sep": "\t" if kind == ".tsv" else separator, "encoding": "utf-8-sig", "compression": None}
    first = pd.read_csv(path, header=None, nrows=1, dtype=str, keep_default_na=False, **how)
    names = [str(name) for name in first.iloc[0]]
    _check_names(path, names)
    with pd.read_csv(
        path,
        chunksize=ROWS,
        low_memory=False,  # one type a column in every piece
        header=0,
        names=names,
        index_col=False,  # or a row with a value too many would shift all columns
        dtype={target: str},
        keep_default_na=False,
        na_values={name: list(MISSING) for name in names if name != target},
        **how,
    ) as pieces:
        yield from pieces


def _parquet(path: Path) -> Iterator[pd.DataFrame]:
    with pq.ParquetFile(path, pre_buffer=False) as file:
        rows, columns = file.metadata.num_rows, file.metadata.num_columns
        if rows * columns > CELLS:
            raise UserError(f"{path.name} has {rows} rows of {columns} columns; allowed are {CELLS} cells")
        _check_names(path, file.schema_arrow.names)
        for field in file.schema_arrow:
            if pa.types.is_nested(field.type):
                raise UserError(f"column {field.name!r} of {path.name} holds {field.type}, not single values")
        # A column at a time: Arrow's own copy of the whole table would be the peak of the memory used.
        names = [name for name in file.schema_arrow.names if not _PANDAS_INDEX.fullmatch(name)]
        columns = {name: _column(file, name) for name in names}
    yield pd.DataFrame(columns, copy=False)


def _column(file: pq.ParquetFile, name: str) -> pd.Series:
    # Copied, so that Arrow's memory, which it keeps, serves the next column.
    return file.read([name], use_threads=False).column(name).to_pandas().copy()


def _joined(pieces: list[pd.DataFrame]) -> pd.DataFrame:
    if len(pieces) == 1:
        return pieces[0]
    return pd.concat(pieces, ignore_index=True) if pieces else pd.DataFrame()


def _check_kinds(path: Path, frame: pd.DataFrame) -> None:
    """Refuse a column that was of numbers in some pieces and of text in others."""
    for name, column in frame.items():
        if pd.api.types.is_object_dtype(column) and column.map(type).nunique() > 1:
            raise UserError(f"column {name!r} of {path.name} mixes numbers and text")


def _check_names(path: Path, names: list[str]) -> None:
    for place, name in enumerate(names, start=1):
        if not name.strip():
            raise UserError(f"column {place} of {path.name} has no name in the first row; each needs one")
        if names.count(name) > 1:
            raise UserError(f"{path.name} has {names.count(name)} columns called {name!r}; names must differ")


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
