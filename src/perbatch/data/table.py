"""A user's own table: a CSV or Parquet file, one of its columns the target."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from perbatch.data.frames import read_frame
from perbatch.data.given import check_flag, names, path_of
from perbatch.data.labels import LARGEST_WHOLE, as_target
from perbatch.data.source import Source
from perbatch.errors import UserError

CATEGORIES = 100


def read(
    path: str,
    target: str,
    task: str | None = None,
    drop: Sequence[str] = (),
    one_hot: bool = False,
    separator: str = ",",
    licence: str = "not stated",
) -> Source:
    """Every column but `target` and those of `drop` is a feature; text classes keep their names.

    `task` None takes it from the target's values and logs it. With `one_hot` a column that is not of numbers
    becomes one column of 0 and 1 a value. A UserError names the column and row that cannot be used.
    """
    file, target, dropped = path_of(path), str(target), names("drop", drop)
    check_flag("one_hot", one_hot)
    frame = read_frame(file, target, separator)
    for column in (target, *dropped):
        if column not in frame.columns:
            raise UserError(f"{file.name} has no column {column!r}; it has {_listed(frame.columns)}")
    if target in dropped:
        raise UserError(f"data.reader.drop has {target!r}, which is the target")
    frame = frame.drop(columns=list(dropped))
    y, classes, task = as_target(_present(frame.pop(target), file), task, f"column {target!r} of {file.name}")
    features, X = _features(frame, one_hot, file)
    return Source(
        X=X,
        y=y,
        classes=classes,
        feature_names=features,
        title=file.name,
        origin=f"the user's own file {file.name}, {task} of {target}",
        licence=licence,
    )


def _features(frame: pd.DataFrame, one_hot: bool, file: Path) -> tuple[tuple[str, ...], np.ndarray]:
    """Feature names and X, filled a column at a time so that no second copy of the table is made."""
    if not len(frame.columns):
        raise UserError(f"{file.name} has no column beside the target; at least one feature is needed")
    codings = {name: _coding(_present(frame[name], file), one_hot, file) for name in frame.columns}
    features = [
        f"{name}={value}" if len(values) else str(name)
        for name, values in codings.items()
        for value in (values or [""])
    ]
    X = np.empty((len(frame), len(features)))
    place = 0
    for name, values in codings.items():
        column = frame.pop(name)
        if not values:
            X[:, place] = column.to_numpy(dtype=np.float64)
        for offset, value in enumerate(values):
            X[:, place + offset] = column.astype(str) == value
        place += len(values) or 1
    return tuple(features), X


def _coding(column: pd.Series, one_hot: bool, file: Path) -> list[str]:
    """The values of a column that needs a column for each of them; none where it holds numbers."""
    where = f"column {column.name!r} of {file.name}"
    if column.nunique() < 2:
        raise UserError(f"{where} is constant ({column.iloc[0]} in every row): name it in data.reader.drop")
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_complex_dtype(column):
        if pd.api.types.is_integer_dtype(column) and not column.between(-LARGEST_WHOLE, LARGEST_WHOLE).all():
            raise UserError(f"{where} has whole numbers beyond 2^53, which float64 cannot tell apart")
        return []
    if not one_hot:
        raise UserError(
            f"{where} is not of numbers ({_first_text(column)}): name it in data.reader.drop, or set "
            "data.reader.one_hot=true for a column of 0 and 1 a value"
        )
    values = sorted(column.astype(str).unique())
    if len(values) > CATEGORIES:
        raise UserError(f"{where} has {len(values)} different values; one_hot allows at most {CATEGORIES}")
    return values


def _present(column: pd.Series, file: Path) -> pd.Series:
    missing = column.isna().to_numpy()
    if missing.any():
        raise UserError(
            f"column {column.name!r} of {file.name} has no value in {missing.sum()} rows, first in row "
            f"{int(missing.argmax()) + 1}; rows with missing values must be completed or removed"
        )
    return column


def _first_text(column: pd.Series) -> str:
    texts = column.astype(str)
    text = texts[pd.to_numeric(texts, errors="coerce").isna()]
    row = text.index[0] if len(text) else 0
    return f"row {int(row) + 1} has {texts[row]!r}"


def _listed(columns: Sequence[str]) -> str:
    shown = ", ".join(repr(str(column)) for column in columns[:20])
    more = len(columns) - 20
    text = shown + (f" and {more} more" if more > 0 else "")
    if len(columns) == 1:
        text += " (is data.reader.separator right?)"
    return text
