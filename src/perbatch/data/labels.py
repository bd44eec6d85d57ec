"""From a column of targets to labels with class names, or to numbers; inferred where not given."""

import logging

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from perbatch import advice
from perbatch.data.cells import LARGEST_WHOLE, MISSING, Judged, judged
from perbatch.data.problems import Row, at_rows
from perbatch.data.spelling import say_alike
from perbatch.errors import UserError

log = logging.getLogger(__name__)

TASKS = ("classification", "regression")

MOST_CLASSES = 20
"""Whole numbers of more different values than this are taken for quantities."""

_CODE = r"^[+-]?0[0-9]+$"
"""A number of a catalogue, not a quantity: its zeros in front mean something."""

Labelled = tuple[np.ndarray, tuple[str, ...], str]


def as_target(
    values: np.ndarray | pa.Array, task: str | None, where: str, row: Row, decimal: str = "."
) -> Labelled:
    """y, the names of its classes (none for a regression) and the task.

    A class is called as it is written: two spellings are two classes, and a number's is its own. Without a
    `task`, text, yes/no and at most 20 different whole numbers are classes, other numbers are quantities; the
    choice is logged. A UserError where a value is missing, or a regression's targets are not numbers.
    """
    if task not in (*TASKS, None):
        raise UserError(f"data.reader.task is {task!r}; allowed are {', '.join(TASKS)} and null")
    if isinstance(values, np.ndarray) and values.dtype.kind in "iuf":
        return _of_numbers(values, task, where, row)
    if isinstance(values, np.ndarray):
        values = pa.array(values.astype(str).astype(object), pa.string())
    return _of_texts(values, task, where, row, decimal)


def _of_numbers(values: np.ndarray, task: str | None, where: str, row: Row) -> Labelled:
    if (gone := np.isnan(values)).any():
        raise _absent(gone, where, row)
    numbers = values.astype(np.float64)
    _check_numbers(numbers, (np.abs(numbers) >= LARGEST_WHOLE) & (values.dtype.kind != "f"), where, row)
    different, rows = np.unique(values, return_inverse=True)
    whole = bool((different == np.floor(different)).all())
    task = task or _inferred(where, len(different), "numbers" if whole else "fractions")
    if task == "regression":
        return numbers, (), task
    # A whole number as such; a fraction in as many digits as its own type needs.
    names = [str(int(level)) if level == np.floor(level) else str(level) for level in different]
    return rows.astype(np.int64), tuple(names), task


def _of_texts(texts: pa.Array, task: str | None, where: str, row: Row, decimal: str) -> Labelled:
    encoded = texts.dictionary_encode()
    different, rows = encoded.dictionary, np.asarray(encoded.indices.fill_null(len(encoded.dictionary)))
    found = judged(different, decimal)
    _check_present(different, rows, found, where, row)
    numbers = bool(found.number.all())
    if numbers and task != "classification":
        every = found.values[rows]
        _check_numbers(every, found.large[rows], where, row)
        code = bool(pc.any(pc.match_substring_regex(different, _CODE)).as_py())
        whole = bool((found.values == np.floor(found.values)).all())
        kind = "fractions" if not whole else "codes" if code else "numbers"
        task = task or _inferred(where, len(different), kind)
        if task == "regression":
            return every, (), task
    if task == "regression":
        first = different[int(np.flatnonzero(~found.number)[0])].as_py()
        raise UserError(f"{where} is not of numbers, as {first!r}: a regression needs numbers")
    task = task or _inferred(where, len(different), "names")
    names = different.to_pylist()
    say_alike(names, where)
    order = np.array(sorted(range(len(names)), key=names.__getitem__))
    if numbers and len(np.unique(found.values)) == len(names):  # each number in one spelling: in their order
        order = np.argsort(found.values, kind="stable")
    place = np.empty(len(names), dtype=np.int64)
    place[order] = np.arange(len(names))
    return place[rows], tuple(names[number] for number in order), task


def _inferred(where: str, different: int, kind: str) -> str:
    """The task of so many different values of a kind; said."""
    reason = {
        "names": f"{different} different names",
        "codes": f"{different} different whole numbers with zeros in front",
        "numbers": f"{different} different whole numbers",
        "fractions": "numbers with fractions",
    }[kind]
    few = kind == "numbers" and different <= MOST_CLASSES
    task = "classification" if few or kind in ("names", "codes") else "regression"
    other = "regression" if task == "classification" else "classification"
    hint = "" if kind == "names" else f" ({advice.task(other)} makes it a {other})"
    log.info("%s has %s: %s%s", where, reason, task, hint)
    return task


def _check_present(different: pa.Array, rows: np.ndarray, found: Judged, where: str, row: Row) -> None:
    """Refuse rows without a target. A word as `NA` is none among numbers, and a name among names."""
    blank = np.asarray(pc.equal(pc.utf8_trim_whitespace(different), "")).astype(bool)
    absent = found.missing if found.number[~found.missing].all() else blank
    gone = np.append(absent, True)[rows]
    if gone.any():
        raise _absent(gone, where, row)
    if words := [word for word in different.to_pylist() if word.strip() in MISSING]:
        log.warning("%s has %r as a name, not as a missing value", where, words[0])


def _absent(gone: np.ndarray, where: str, row: Row) -> UserError:
    return UserError(f"{where} has no value in {_at(gone, row)}; rows without a target must be removed")


def _at(mask: np.ndarray, row: Row) -> str:
    rows = np.flatnonzero(mask)
    return row(int(rows[0])) if len(rows) == 1 else at_rows(rows, row)


def _check_numbers(numbers: np.ndarray, large: np.ndarray, where: str, row: Row) -> None:
    if not (finite := np.isfinite(numbers)).all():
        first, at = numbers[finite.argmin()], _at(~finite, row)
        raise UserError(f"{where} has {first} in {at}; every target must be a finite number")
    if large.any():
        at = _at(large, row)
        raise UserError(f"{where} has whole numbers beyond 2^53, which float64 cannot tell apart, in {at}")
