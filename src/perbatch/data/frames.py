"""Table files as data frames, read strictly: what pandas would guess or repair is refused."""

from __future__ import annotations

import warnings
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from perbatch.errors import UserError

CELLS = 500_000_000
"""Rows times columns that a table may have: 4 GB as numbers."""

MISSING = ("", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "-nan", "-NaN", "null", "NULL", "None", "?")
"""What stands for no value in a column of features."""

KINDS = (".csv", ".tsv", ".parquet")


def read_frame(path: Path, target: str, separator: str) -> pd.DataFrame:
    """The table of a `.csv`, `.tsv` or `.parquet` file, rows numbered from 0; the target of a CSV is text.

    A UserError says why a file cannot be used: missing, no such kind, damaged, doubled or absent names.
    """
    if not path.is_file():
        raise UserError(f"data.reader.path is {str(path)!r}: there is no such file in {Path.cwd()}")
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise UserError(f"data.reader.path is {str(path)!r}; allowed are files called {', '.join(KINDS)}")
    try:
        with warnings.catch_warnings():
            for loss in (pd.errors.ParserWarning, pd.errors.DtypeWarning):
                warnings.simplefilter("error", loss)
            frame = _parquet(path) if kind == ".parquet" else _csv(path, target, separator, kind)
    except UserError:
        raise
    except UnicodeError:
        raise UserError(f"{path.name} is not text in UTF-8") from None
    except pd.errors.DtypeWarning as error:
        raise UserError(f"{path.name} mixes numbers and text: {_line(error)}") from None
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
    return frame.reset_index(drop=True)


def _csv(path: Path, target: str, separator: str, kind: str) -> pd.DataFrame:
    if not isinstance(separator, str) or len(separator) != 1 or separator in '"\n\r':
        raise UserError(f"data.reader.separator is {separator!r}; allowed is one character, as ',' or ';'")
    how = {"sep": "\t" if kind == ".tsv" else separator, "encoding": "utf-8-sig", "compression": None}
    first = pd.read_csv(path, header=None, nrows=1, dtype=str, keep_default_na=False, **how)
    names = [str(name) for name in first.iloc[0]]
    _check_names(path, names)
    frame = pd.read_csv(
        path,
        header=0,
        names=names,
        index_col=False,  # or a row with a value too many would shift all columns
        dtype={target: str},
        keep_default_na=False,
        na_values={name: list(MISSING) for name in names if name != target},
        **how,
    )
    return frame


def _parquet(path: Path) -> pd.DataFrame:
    with pq.ParquetFile(path) as file:
        rows, columns = file.metadata.num_rows, file.metadata.num_columns
        if rows * columns > CELLS:
            raise UserError(f"{path.name} has {rows} rows of {columns} columns; allowed are {CELLS} cells")
        _check_names(path, file.schema_arrow.names)
        for field in file.schema_arrow:
            if pa.types.is_nested(field.type):
                raise UserError(f"column {field.name!r} of {path.name} holds {field.type}, not single values")
        content = file.read(use_threads=False)
    try:
        return content.to_pandas()
    except Exception as error:  # what pandas noted beside the columns may be damaged in any way
        raise UserError(f"{path.name} cannot be read as a table ({_line(error)})") from None


def _check_names(path: Path, names: list[str]) -> None:
    for place, name in enumerate(names, start=1):
        if not name.strip():
            raise UserError(f"column {place} of {path.name} has no name in the first row; each needs one")
        if names.count(name) > 1:
            raise UserError(f"{path.name} has {names.count(name)} columns called {name!r}; names must differ")


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
