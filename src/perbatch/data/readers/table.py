"""A user's own table: a CSV, TSV or Parquet file, one of its columns the target."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from perbatch import advice
from perbatch.data.cells import has_commas
from perbatch.data.csv_files import read_csv
from perbatch.data.faults import Faults
from perbatch.data.frames import Frame
from perbatch.data.given import check_flag, missing, names, path_of
from perbatch.data.labels import as_target
from perbatch.data.parquet_files import read_parquet
from perbatch.data.problems import together
from perbatch.data.source import Source
from perbatch.data.spelling import say_alike
from perbatch.errors import UserError

KINDS = (".csv", ".tsv", ".parquet")


def read(
    path: str,
    target: str,
    task: str | None = None,
    drop: Sequence[str] = (),
    one_hot: bool = False,
    separator: str = ",",
    decimal: str = ".",
    licence: str = "not stated",
) -> Source:
    """Every column but `target` and those of `drop` is a feature; classes are called as they are written.

    `task` None takes it from the target's values and logs it. With `one_hot` a column that is not of numbers
    becomes one column of 0 and 1 a value. `decimal` is what stands before a fraction in a file of text. A
    UserError says everything in the file that cannot be used, with its columns and rows.
    """
    file, target, dropped = path_of(path), str(target), names("drop", drop)
    check_flag("one_hot", one_hot)
    frame = _frame(file, target, dropped, separator, decimal)
    mark = "" if file.suffix.lower() == ".parquet" else decimal
    problems = Faults(frame, file.name, one_hot, mark).clauses(dropped)
    if (
        task is None
        and mark == "."
        and isinstance(frame.target, pa.Array)
        and has_commas(frame.target.unique())
    ):
        problems.append(
            f"column {target!r} of {file.name} has numbers with a decimal comma, or names that look so: "
            f"{advice.DECIMAL_COMMA} reads the numbers, {advice.task('classification')} keeps the names"
        )
    with together(problems):
        where = f"column {target!r} of {file.name}"
        y, classes, task = as_target(frame.target, task, where, frame.row, decimal)
    features, X = _one_hot(frame, file.name) if frame.texts else (tuple(frame.names), frame.X)
    return Source(
        X=X,
        y=y,
        classes=classes,
        feature_names=features,
        title=file.name,
        origin=f"the user's own file {file.name}, {task} of {target}",
        licence=licence,
    )


def _frame(file: Path, target: str, dropped: tuple[str, ...], separator: str, decimal: str) -> Frame:
    kind = file.suffix.lower()
    if not file.is_file():
        raise missing(file, "file")
    if kind not in KINDS:
        raise UserError(f"data.reader.path is {str(file)!r}; allowed are files called {', '.join(KINDS)}")
    if (
        not isinstance(separator, str)
        or len(separator) != 1
        or not separator.isascii()
        or separator in '"\n\r'
    ):
        raise UserError(f"data.reader.separator is {separator!r}; allowed is one character, as ',' or ';'")
    if decimal not in (".", ","):
        raise UserError(f"data.reader.decimal is {decimal!r}; allowed are '.' and ','")
    try:
        if kind == ".parquet":
            return read_parquet(file, target, dropped)
        return read_csv(file, target, dropped, "\t" if kind == ".tsv" else separator, decimal)
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError, EOFError) as error:
        if isinstance(error, UnicodeError) or "invalid UTF8" in str(error):
            raise UserError(f"{file.name} is not text in UTF-8") from None
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"{file.name} cannot be read as a table ({reason})") from None


def _one_hot(frame: Frame, file: str) -> tuple[tuple[str, ...], np.ndarray]:
    """Feature names and X, each column of text as one of 0 and 1 for each of its values."""
    names: list[str] = []
    blocks: list[np.ndarray] = []
    first = 0
    for place in [*sorted(frame.texts), len(frame.names)]:
        names += frame.names[first:place]
        blocks.append(frame.X[:, first:place])
        first = place + 1
        if place in frame.texts:
            encoded = frame.texts[place].dictionary_encode()
            values = encoded.dictionary.to_pylist()
            say_alike(values, f"column {frame.names[place]!r} of {file}")
            order = np.array(sorted(range(len(values)), key=values.__getitem__))
            names += [f"{frame.names[place]}={values[number]}" for number in order]
            blocks.append(np.asarray(encoded.indices)[:, None] == order)
    return tuple(names), np.concatenate(blocks, axis=1, dtype=np.float64)
