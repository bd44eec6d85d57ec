"""A user's own table, as odd as they come."""

import logging
import os
import re
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from perbatch.data import Source
from perbatch.data.readers import table
from perbatch.errors import UserError

HEAD = "size,weight,kind\n"
ROWS = "1,0.5,cat\n2,1.5,dog\n3,0.25,cat\n"


def read(tmp_path: Path, text: str | bytes, name: str = "own.csv", **settings: Any) -> Source:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return table.read(str(path), **{"target": "kind", **settings})


def test_text_becomes_classes_that_keep_their_names(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        source = read(tmp_path, HEAD + ROWS)
    assert (source.classes, source.feature_names) == (("cat", "dog"), ("size", "weight"))
    assert np.array_equal(source.y, [0, 1, 0])
    assert np.array_equal(source.X, [[1, 0.5], [2, 1.5], [3, 0.25]])
    assert "column 'kind' of own.csv has 2 different names: classification" in caplog.text


@pytest.mark.parametrize(
    ("targets", "task", "classes"),
    [
        (["1", "2", "1"], "classification", ("1", "2")),
        (["1.5", "2", "1"], "regression", ()),
        ([str(number) for number in range(21)], "regression", ()),
        (["True", "False", "True"], "classification", ("False", "True")),
        (["10", "9", "-1"], "classification", ("-1", "9", "10")),
        (["NA", "SB", "NA"], "classification", ("NA", "SB")),  # Namibia is a value among names
        (["1e3", "2", "2"], "classification", ("2", "1e3")),
    ],
)
def test_the_kind_is_inferred(
    tmp_path: Path, targets: list[str], task: str, classes: tuple[str, ...]
) -> None:
    rows = "".join(f"{row},{row % 2},{target}\n" for row, target in enumerate(targets))
    source = read(tmp_path, HEAD + rows)
    assert (source.task, source.classes) == (task, classes)


def test_the_kind_can_be_said(tmp_path: Path) -> None:
    rows = "1,0,3\n2,1,4\n3,1,4\n"
    assert np.array_equal(read(tmp_path, HEAD + rows, task="regression").y, [3.0, 4.0, 4.0])
    halves = rows.replace("3\n", "0.5\n")
    assert read(tmp_path, HEAD + halves, task="classification").classes == ("0.5", "4")
    with pytest.raises(UserError, match="not of numbers, as 'cat': a regression needs numbers"):
        read(tmp_path, HEAD + ROWS, task="regression")
    with pytest.raises(UserError, match=r"^data\.reader\.task is 'clustering'; allowed are"):
        read(tmp_path, HEAD + ROWS, task="clustering")


def test_one_hot_and_drop_are_asked_for(tmp_path: Path) -> None:
    text = "name,colour,size,kind\nann,red,1,x\nbob,blue,2,y\ncid,red,3,x\n"
    with pytest.raises(
        UserError, match=r"not of numbers: 'name' \(row 1 \(the file's line 2\) has 'ann'\), 'colour'"
    ):
        read(tmp_path, text)
    source = read(tmp_path, text, drop=["name"], one_hot=True)
    assert source.feature_names == ("colour=blue", "colour=red", "size")
    assert np.array_equal(source.X, [[0, 1, 1], [1, 0, 2], [0, 1, 3]])
    many = "colour,kind\n" + "".join(f"c{row},{row % 2}\n" for row in range(101))
    with pytest.raises(
        UserError, match=r"'colour' of own\.csv has 101 different values; one_hot allows at most"
    ):
        read(tmp_path, many, one_hot=True)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "own.csv cannot be read as a table: it is empty"),
        (HEAD, "has no rows"),
        (
            HEAD + "1,,cat\n2,3,dog\n",
            "column 'weight' of own.csv has no value in 1 row, row 1 (the file's line 2)",
        ),
        (
            HEAD + "1,2,cat\n2,NaN,dog\n",
            "column 'weight' of own.csv has no value in 1 row, row 2 (the file's line 3)",
        ),
        (HEAD + "1,2,cat\n2,3,\n", "column 'kind' of own.csv has no value in row 2"),
        (HEAD + "1,2,7\n2,3,NA\n", "column 'kind' of own.csv has no value in row 2"),
        (HEAD + "1,2,cat\n2,3\n", "another number of values in 1 row: row 2 (the file's line 3) has 2"),
        (HEAD + "1,2,cat\n1,3,dog\n", "column 'size' of own.csv is constant (1 in every row)"),
        (
            HEAD + "1,2,cat\n2,3,dog,4\n",
            "cannot be read as a table: the first row has 3 names, and another number of values in",
        ),
        (HEAD + "1,2,cat,9\n2,3,dog,4\n", "cannot be read as a table"),
        (
            HEAD + "1,2,cat\n2,inf,dog\n",
            "column 'weight' of own.csv is infinite in 1 row, row 2 (the file's line 3)",
        ),
        (HEAD + "1,2,cat\n2,3,cat\n", "every example is of the one class 'cat'"),
        (HEAD + "1,2,1.5\n2,3,inf\n", "column 'kind' of own.csv has inf in row 2"),
        (HEAD + '1,2,"cat\n2,3,dog\n', "cannot be read as a table"),
        (
            HEAD + "9007199254740993,2,cat\n2,3,dog\n",
            "column 'size' of own.csv has whole numbers beyond 2^53",
        ),
        (HEAD + "1,2,9007199254740993\n2,3,1\n", "column 'kind' of own.csv has whole numbers beyond 2^53"),
        (
            HEAD + '1,"1,5",cat\n2,"2,5",dog\n',
            "'weight' of own.csv is not of numbers (row 1 (the file's line 2) has '1,5')",
        ),
        ("size,size,kind\n1,2,cat\n2,3,dog\n", "has 2 columns called 'size'"),
        ("size,,kind\n0,1,cat\n1,2,dog\n", "column 2 of own.csv has no name"),
        (
            "size;kind\n1;cat\n2;dog\n",
            "has no column 'kind'; it has 'size;kind': with 'data.reader.separator=\";\"' it has 2",
        ),
        ("kind\ncat\ndog\n", "has no column beside the target"),
        (b"size,kind\n1,caf\xe9\n2,dog\n", "is not text in UTF-8"),
        ("size,kind\n1,cat\n2,dog\n".encode("utf-16"), "is not text in UTF-8"),
    ],
)
def test_what_no_table_may_have_is_named(tmp_path: Path, text: str | bytes, sentence: str) -> None:
    with pytest.raises(UserError, match=re.escape(sentence)):
        read(tmp_path, text)


def test_separators_byte_order_marks_and_line_ends(tmp_path: Path) -> None:
    plain = read(tmp_path, HEAD + ROWS)
    windows = "\ufeff" + (HEAD + ROWS).replace(",", ";").replace("\n", "\r\n")
    for source in (
        read(tmp_path, windows, separator=";"),
        read(tmp_path, (HEAD + ROWS).replace(",", "\t"), name="own.tsv"),
        read(tmp_path, HEAD + ROWS.replace("cat", '"cat"')),
    ):
        assert np.array_equal(source.X, plain.X) and source.classes == plain.classes
    with pytest.raises(UserError, match=r"separator is ''; allowed is one character"):
        read(tmp_path, HEAD + ROWS, separator="")


def test_a_path_that_is_no_table(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(UserError, match=r"^data\.reader\.path is .*there is no such file"):
            table.read(str(path), target="kind")
    with pytest.raises(UserError, match=r"allowed are files called \.csv, \.tsv, \.parquet"):
        read(tmp_path, "{}", name="own.json")
    with pytest.raises(UserError, match="there is no such file"):
        table.read("http://127.0.0.1:9/own.csv", target="kind")


def test_parquet_gives_what_csv_gives(tmp_path: Path) -> None:
    frame = pd.DataFrame({"size": [1, 2, 3], "weight": [0.5, 1.5, 0.25], "kind": ["cat", "dog", "cat"]})
    frame.index = pd.Index([7, 3, 5])  # written too, but no feature
    frame.to_parquet(tmp_path / "own.parquet")
    source, plain = table.read(str(tmp_path / "own.parquet"), "kind"), read(tmp_path, HEAD + ROWS)
    assert np.array_equal(source.X, plain.X) and np.array_equal(source.y, plain.y)
    assert source.classes == plain.classes


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"size": [1.0, None]}, "column 'size' of own.parquet has no value in 1 row, row 2"),
        ({"size": [[1], [2]]}, "column 'size' of own.parquet holds list"),
        (
            {"size": pd.to_datetime(["2020-01-01", "2020-01-02"])},
            "column 'size' of own.parquet is not of num",
        ),
    ],
)
def test_columns_that_parquet_may_have_too(tmp_path: Path, columns: dict[str, Any], sentence: str) -> None:
    frame = pd.DataFrame({**columns, "kind": ["cat", "dog"]})
    frame.to_parquet(tmp_path / "own.parquet")
    with pytest.raises(UserError, match=sentence):
        table.read(str(tmp_path / "own.parquet"), "kind")


def test_a_damaged_parquet_file(tmp_path: Path) -> None:
    pd.DataFrame({"size": [1, 2], "kind": ["cat", "dog"]}).to_parquet(tmp_path / "own.parquet")
    whole = (tmp_path / "own.parquet").read_bytes()
    for content in (b"", b"PAR1", whole[:-10], whole[:40] + whole[60:]):
        with pytest.raises(UserError, match=r"^own\.parquet cannot be read as a table"):
            read(tmp_path, content, name="own.parquet")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"drop": "size"}, "data.reader.drop is 'size'; a list is needed, as 'data.reader.drop=[size]'"),
        ({"drop": None}, "data.reader.drop is None; a list is needed"),
        ({"drop": ["kind"]}, "data.reader.drop has 'kind', which is the target"),
        ({"one_hot": "yes"}, "data.reader.one_hot is 'yes'; allowed are true and false"),
        ({"target": "sort"}, "own.csv has no column 'sort'; it has 'size', 'weight', 'kind'"),
    ],
)
def test_settings_that_mean_nothing(tmp_path: Path, settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=f"^{re.escape(sentence)}"):
        read(tmp_path, HEAD + ROWS, **settings)
    with pytest.raises(UserError, match=r"^data\.reader\.path is 3; the path of a file or folder is needed"):
        table.read(3, target="kind")


def test_a_number_may_be_the_name_of_a_column(tmp_path: Path) -> None:
    assert read(tmp_path, "1,2\n0.5,cat\n1.5,dog\n", target=2).classes == ("cat", "dog")


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_large_table_is_read_in_pieces_and_the_same(tmp_path: Path, kind: str) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(120_000, 6)), columns=list("abcdef"))
    frame["t"] = rng.choice(["x", "y"], size=len(frame))
    path = tmp_path / f"own.{kind}"
    frame.to_csv(path, index=False) if kind == "csv" else frame.to_parquet(path)
    tracemalloc.start()
    try:
        source = table.read(str(path), "t")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert np.array_equal(source.X, frame[list("abcdef")]) and peak < 3 * source.X.nbytes
    assert [source.classes[label] for label in source.y] == list(frame["t"])


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_wide_table_is_read_some_columns_at_a_time_and_the_same(tmp_path: Path, kind: str) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(9, 9000))).add_prefix("g")
    frame.insert(5000, "t", list("xyxyxyxyx"))
    path = tmp_path / f"own.{kind}"
    frame.to_csv(path, index=False) if kind == "csv" else frame.to_parquet(path)
    source = table.read(str(path), "t")
    assert np.array_equal(source.X, frame.drop(columns="t"))
    assert source.feature_names == tuple(frame.columns.drop("t"))
    assert list(source.y) == [0, 1, 0, 1, 0, 1, 0, 1, 0]


READER = """
import re, sys
from pathlib import Path
from perbatch.data.readers import table

def memory(key):
    return int(re.search(rf"^{key}:\\s+(\\d+)", Path("/proc/self/status").read_text(), re.M)[1]) * 1024

table.read(sys.argv[1], "t")  # a small one, for what is imported then
Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here on
before = memory("VmRSS")
table.read(sys.argv[2], "t")
print(memory("VmHWM") - before)
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/clear_refs"), reason="Linux tells the peak of the memory")
@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("shape", [(60, 20_000), (400_000, 20)])
def test_all_memory_of_a_large_table_is_at_most_three_times_its_own(
    tmp_path: Path, kind: str, shape: tuple[int, int]
) -> None:
    """Arrow's own too, which Python does not count; 100 MB are what a reader has for any table."""
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=shape).round(6)).add_prefix("g")
    frame["t"] = np.where(np.arange(len(frame)) % 2, "x", "y")
    small, path = tmp_path / f"small.{kind}", tmp_path / f"own.{kind}"
    for part, file in ((frame.iloc[:9, -3:], small), (frame, path)):
        part.to_csv(file, index=False) if kind == "csv" else part.to_parquet(file)
    command = [sys.executable, "-c", READER, str(small), str(path)]
    peak = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert peak < 3 * 8 * shape[0] * shape[1] + 100e6
