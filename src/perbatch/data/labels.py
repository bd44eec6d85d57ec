"""From a column of targets to labels with class names, or to numbers; inferred where not given."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd

from perbatch.data.frames import MISSING
from perbatch.errors import UserError

log = logging.getLogger(__name__)

TASKS = ("classification", "regression")
LARGEST_WHOLE = 2**53
"""float64 cannot tell larger whole numbers apart."""

MOST_CLASSES = 20
"""Whole numbers of more different values than this are taken for quantities."""


def as_target(values: pd.Series, task: str | None, where: str) -> tuple[np.ndarray, tuple[str, ...], str]:
    """y, the names of its classes (none for a regression) and the task.

    Without a `task`, text, yes/no and at most 20 different whole numbers are classes, other numbers are
    quantities; the choice is logged. A UserError where a regression's targets are not numbers.
    """
    if task not in (*TASKS, None):
        raise UserError(f"data.reader.task is {task!r}; allowed are {', '.join(TASKS)} and null")
    numbers = _numbers(values, where)
    if task is None:
        task, reason = _infer(values, numbers)
        log.info("%s has %s: %s (data.reader.task overrides it)", where, reason, task)
    if task == "classification":
        return (*_classes(values, numbers), task)
    if numbers is None:
        raise UserError(f"{where} is not of numbers, as {str(values.iloc[0])!r}: a regression needs numbers")
    return numbers.astype(np.float64), (), task


def _numbers(values: pd.Series, where: str) -> np.ndarray | None:
    """The values as numbers; None where they are names. A UserError where numbers stand with gaps."""
    if pd.api.types.is_bool_dtype(values):
        return None
    if pd.api.types.is_numeric_dtype(values):
        return _usable(values.to_numpy(), where)
    texts = values.astype(str).str.strip()
    blank = texts.isin(MISSING).to_numpy()
    numbers = pd.to_numeric(texts, errors="coerce").to_numpy(dtype=np.float64)
    if (texts == "").any() or (blank.any() and np.isfinite(numbers[~blank]).all()):
        row = int(((texts == "").to_numpy() if (texts == "").any() else blank).argmax()) + 1
        raise UserError(f"{where} has no value in row {row}; rows without a target must be removed")
    return None if np.isnan(numbers).any() else _usable(numbers, where)


def _usable(numbers: np.ndarray, where: str) -> np.ndarray:
    finite = np.isfinite(numbers)
    if not finite.all():
        row = int(finite.argmin())
        raise UserError(f"{where} has {numbers[row]} in row {row + 1}; every target must be a finite number")
    whole = numbers[numbers == np.floor(numbers)]
    if len(whole) and (whole.max() >= LARGEST_WHOLE or whole.min() <= -LARGEST_WHOLE):
        raise UserError(f"{where} has whole numbers beyond 2^53, which float64 cannot tell apart")
    return numbers


def _infer(values: pd.Series, numbers: np.ndarray | None) -> tuple[str, str]:
    different = values.nunique()
    if numbers is None:
        return "classification", f"{different} different names"
    if not (numbers == np.floor(numbers)).all():
        return "regression", "numbers with fractions"
    if different <= MOST_CLASSES:
        return "classification", f"{different} different whole numbers"
    return "regression", f"{different} different whole numbers"


def _classes(values: pd.Series, numbers: np.ndarray | None) -> tuple[np.ndarray, tuple[str, ...]]:
    if numbers is None:
        names, y = np.unique(values.astype(str).to_numpy(dtype=object), return_inverse=True)
        return y.astype(np.int64), tuple(str(name) for name in names)
    levels, y = np.unique(numbers, return_inverse=True)
    return y.astype(np.int64), tuple(f"{level:.17g}" for level in levels)
