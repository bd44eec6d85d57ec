"""Generated tables and arrays: prepared with exactly what was written, or refused in one sentence."""

import csv
import io
import logging
import math
import re
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_fuzz import EXAMPLES

from perbatch.data import Source
from perbatch.data.readers import table
from perbatch.errors import UserError

generated = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)

AMBIGUITIES = {
    "missing": r"no value|cells without a value|\bnan in",
    "constant": r"(is|are) constant",
    "text": r"not of numbers",
    "commas": r"decimal comma",
    "large": r"beyond 2\^53",
    "infinite": r"(is|are) infinite|\binf in",
    "one class": r"every example is of the one class",
    "names": r"has no name|have no name|columns called|several columns that read",
    "blank target": r"without a target",
    "types": r"holds|has the type",
}
"""Kinds of refusal; docs/how-to/own-data.md has the same list."""

WORDS = ["", "NA", "nan", "NaN", "null", "None", "?", "inf", "True", "false", "yes", "-", " ", "N/A"]
spellings = st.one_of(
    st.sampled_from(
        ["0", "1", "01", "001", "1.0", "+1", "-1", "1e0", "1e3", "1000", " 1", "1 ", "0x1", "1_0"]
    ),
    st.sampled_from(["red", "red ", " red", "re\u200bd", "Red", "größe", "gro\u0308ße", "a,b", 'a"b', "a;b"]),
    st.sampled_from(WORDS),
    st.integers(-(10**17), 10**17).map(str),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\x00"), max_size=4),
)
labels = st.one_of(
    st.lists(spellings, min_size=2, max_size=4, unique=True),
    st.lists(st.integers(-5, 40).map(str), min_size=2, max_size=25, unique=True),
    st.lists(st.floats(-1e6, 1e6).map(repr), min_size=2, max_size=9, unique=True),
    st.lists(st.integers(0, 30).map(lambda number: f"{number:03}"), min_size=2, max_size=6, unique=True),
)
plain_floats = st.floats(allow_nan=False, allow_infinity=False)
features = st.one_of(
    st.lists(plain_floats.map(repr), min_size=2),
    st.lists(st.floats(-1e3, 1e3, width=16).map(lambda number: f"{number:+.3e}"), min_size=2),
    st.lists(st.integers(-(2**53) + 1, 2**53 - 1).map(str), min_size=2),
    st.lists(st.sampled_from(["True", "False"]), min_size=2),
    st.lists(st.sampled_from(["true", "false", "1", "0", "NA", "", "x", "1e400", " 3 ", "0x1"]), min_size=2),
)
# A carriage return ends a line, and Python's own writer puts it there without quotes.
column_names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r"), max_size=6)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    """Names, the target's last, and rows of text."""
    rows = draw(st.integers(2, 12))
    own = draw(st.lists(column_names.filter(lambda name: name != "t"), min_size=1, max_size=4))
    columns = []
    for _ in own:
        values = draw(features)
        columns.append([draw(st.sampled_from(values)) for _ in range(rows)])
    different = draw(labels)
    columns.append([draw(st.sampled_from(different)) for _ in range(rows)])
    return [*own, "t"], [list(row) for row in zip(*columns, strict=True)]


def attempt(read: Any, *arguments: Any, **settings: Any) -> Source | str:
    """The source, or the one sentence of the refusal. Anything else, a warning too, is a failure."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return read(*arguments, **settings)
        except UserError as error:
            sentence = str(error)
    assert (
        sentence
        and "\n" not in sentence
        and not re.search(r"Traceback|Arrow|numpy\.|0x[0-9a-f]{8}", sentence)
    )
    return sentence


def number(cell: str, decimal: str) -> float | None:
    """What a cell of text is as a number, by Python's own rule."""
    text = cell.strip(" \t")
    if text.lower() in ("true", "false") and text in ("True", "False", "TRUE", "FALSE", "true", "false"):
        return float(text.lower() == "true")
    if "_" in text or not text.isascii():
        return None
    if decimal == ",":
        text = text.replace(".", "_").replace(",", ".")
    try:
        return float(text)
    except ValueError:
        return None


def check_labels(source: Source, written: list[str], decimal: str = ".") -> None:
    """Each row's class is called exactly as it was written; or its target is that number."""
    if source.task == "classification":
        assert [source.classes[label] for label in source.y] == written
        assert len(set(source.classes)) == len(source.classes)
    else:
        assert [number(cell, decimal) for cell in written] == source.y.tolist()


@given(
    tables(),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from([".", ","]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from([None, "classification", "regression"]),
    st.booleans(),
)
@generated
def test_csv(
    tmp_path: Path,
    made: tuple[list[str], list[list[str]]],
    separator: str,
    decimal: str,
    ending: str,
    quoting: int,
    task: str | None,
    mark: bool,
) -> None:
    names, rows = made
    if decimal == ",":
        rows = [[cell.replace(".", ",") for cell in row] for row in rows]
    with (tmp_path / "own.csv").open("w", newline="", encoding="utf-8-sig" if mark else "utf-8") as file:
        csv.writer(file, delimiter=separator, lineterminator=ending, quoting=quoting).writerows(
            [names, *rows]
        )
    source = attempt(
        table.read, str(tmp_path / "own.csv"), "t", task=task, separator=separator, decimal=decimal
    )
    if isinstance(source, str):
        assert any(re.search(kind, source) for kind in [*AMBIGUITIES.values(), "a regression needs"]), source
        return
    check_labels(source, [row[-1] for row in rows], decimal)
    kept = [names.index(name) for name in source.feature_names]
    assert kept in (list(range(len(names) - 1)), list(range(1, len(names) - 1)))
    if 0 not in kept:  # an index, which has another name for every row
        assert names[0] in ("", "Unnamed: 0") and len({row[0] for row in rows}) == len(rows)
    values = [[number(row[place], decimal) for place in kept] for row in rows]
    assert np.array_equal(source.X, np.array(values, dtype=object).astype(float))


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    """What a user of pandas has: numbers, and classes or quantities."""
    rows = draw(st.integers(4, 12))
    names = draw(
        st.lists(st.text("abcxyzäö_ 1", min_size=1, max_size=5), min_size=1, max_size=4, unique=True)
    )
    names = [name for name in names if name.strip() and name != "t"] or ["a"]
    numbers = st.one_of(
        st.floats(-1e300, 1e300),
        st.integers(-(2**53) + 1, 2**53 - 1),
        st.booleans(),
        st.floats(0, 1, width=32),
    )
    made = {}
    for name in names:
        one = draw(numbers)
        kind = {float: plain_floats, int: st.integers(-(2**53) + 1, 2**53 - 1), bool: st.booleans()}[
            type(one)
        ]
        made[name] = draw(
            st.lists(kind, min_size=rows, max_size=rows).filter(lambda each: len(set(each)) > 1)
        )
    target = draw(
        st.sampled_from(
            [
                st.sampled_from(["red", "blue", "green"]),
                st.integers(0, 5),
                plain_floats.filter(lambda each: each != math.floor(each)),
                st.booleans(),
                st.sampled_from(["a b", "ä", "x,y"]),
            ]
        )
    )
    made["t"] = draw(st.lists(target, min_size=rows, max_size=rows).filter(lambda each: len(set(each)) > 1))
    return pd.DataFrame(made)


accepted: Counter[str] = Counter()


@given(frames(), st.sampled_from([(",", "."), (";", ","), ("\t", ".")]), st.booleans())
@generated
def check_frame(tmp_path: Path, frame: pd.DataFrame, marks: tuple[str, str], index: bool) -> None:
    separator, decimal = marks
    text = frame.to_csv(sep=separator, decimal=decimal, index=index)
    (tmp_path / "own.csv").write_text(text, encoding="utf-8")
    back = pd.read_csv(
        io.StringIO(text),
        sep=separator,
        decimal=decimal,
        index_col=0 if index else False,
        keep_default_na=False,
    )
    if list(back.columns) != list(frame.columns) or not all(
        np.array_equal(back[name].to_numpy(), frame[name].to_numpy()) for name in frame
    ):
        return
    accepted["equal in pandas"] += 1
    source = attempt(table.read, str(tmp_path / "own.csv"), "t", separator=separator, decimal=decimal)
    if isinstance(source, str):
        assert any(re.search(kind, source) for kind in AMBIGUITIES.values()), source
        accepted[source[:60]] += 1
        return
    accepted["equal here"] += 1
    own = [name for name in frame if name != "t"]
    assert source.feature_names == tuple(own)
    assert np.array_equal(source.X, frame[own].to_numpy(dtype=np.float64))
    if source.task == "classification":
        assert [source.classes[label] for label in source.y] == frame["t"].astype(str).tolist()
    else:
        assert source.y.tolist() == frame["t"].tolist()


def test_nearly_all_tables_that_pandas_reads_are_read(tmp_path: Path) -> None:
    accepted.clear()
    check_frame(tmp_path)
    assert accepted["equal here"] >= 0.95 * accepted["equal in pandas"] > 0, accepted


@pytest.fixture(autouse=True)
def quiet() -> Any:
    """What is said of each of thousands of tables is not kept."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
