"""What cells of text are: numbers, truth values, nothing, or text. Judged by Arrow, all at once."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

LARGEST_WHOLE = 2**53
"""float64 cannot tell larger whole numbers apart."""

MISSING = ("", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "-nan", "-NaN", "null", "NULL", "None", "?")
"""What stands for no value in a column of features."""

TRUE, FALSE = ("True", "TRUE", "true"), ("False", "FALSE", "false")
"""The truth values of pandas, of spreadsheets and of JSON."""

_BLANKS = " \t"
_WHOLE = r"^[+-]?[0-9]+$"
_NUMBER = r"^[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|(?i:inf(inity)?))$"
_COMMA = r"^[+-]?([0-9]+,[0-9]*|,[0-9]+)([eE][+-]?[0-9]+)?$"


class Judged(NamedTuple):
    """Of each cell: its number (nan where it is none), and whether it is one, missing or a truth value.

    `large` are whole numbers that float64 cannot tell apart. A truth value has the number 0 or 1.
    """

    values: np.ndarray
    number: np.ndarray
    missing: np.ndarray
    truth: np.ndarray
    large: np.ndarray


def judged(cells: pa.Array, decimal: str = ".") -> Judged:
    """What each of the texts is, blanks around it aside; `decimal`, a point or a comma, begins a fraction."""
    texts = pc.utf8_trim(cells, _BLANKS)
    if decimal == ",":
        # A point is then no number's: it becomes what no number has.
        texts = pc.replace_substring(pc.replace_substring(texts, ".", "_"), ",", ".")
    number, missing = _where(pc.match_substring_regex(texts, _NUMBER)), _where(_one_of(texts, MISSING))
    true, false = _where(_one_of(texts, TRUE)), _where(_one_of(texts, FALSE))
    missing |= np.asarray(cells.is_null())
    values = np.full(len(cells), np.nan)
    values[number] = _as_numbers(texts.filter(pa.array(number)))
    values[true], values[false] = 1.0, 0.0
    large = np.abs(values) >= LARGEST_WHOLE
    if large.any():
        large[large] = _where(pc.match_substring_regex(texts.filter(pa.array(large)), _WHOLE))
    return Judged(values, number, missing, true | false, large)


def has_commas(cells: pa.Array) -> bool:
    """Whether every text is a number once its comma is a decimal point, or nothing; one has a comma."""
    texts = pc.utf8_trim(cells.drop_null(), _BLANKS)
    other = texts.filter(pc.invert(_one_of(texts, MISSING)))
    commas, numbers = (_where(pc.match_substring_regex(other, form)) for form in (_COMMA, _NUMBER))
    return bool(commas.any()) and bool((commas | numbers).all())


def _as_numbers(texts: pa.Array) -> np.ndarray:
    """The nearest float64 of each, as Python's `float` has it."""
    return np.asarray(pc.cast(pc.utf8_lower(texts), pa.float64()))


def _one_of(texts: pa.Array, words: tuple[str, ...]) -> pa.Array:
    return pc.is_in(texts, value_set=pa.array(words, texts.type))


def _where(mask: pa.Array) -> np.ndarray:
    return np.asarray(pc.fill_null(mask, False)).astype(bool)
