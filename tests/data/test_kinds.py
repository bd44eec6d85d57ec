"""Users' files as people have them: each fault's whole kind, in the readers that have it."""

import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from PIL import Image

from perbatch.data import Source
from perbatch.data.readers import arrays, images, table
from perbatch.errors import UserError

SPELLED = {
    "zeros": (["01", "1", "02", "01"], ("01", "02", "1")),
    "codes": (["007", "010", "100", "007"], ("007", "010", "100")),
    "fractions": (["1.0", "1", "2", "1"], ("1", "1.0", "2")),
    "spaces": (["red", "red ", "blue", "red"], ("blue", "red", "red ")),
    "unseen": (["red", "re\u200bd", "blue", "red"], ("blue", "red", "re\u200bd")),
    "forms": (["größe", "gro\u0308ße", "x", "x"], ("gro\u0308ße", "größe", "x")),
    "truth": (["true", "True", "false", "true"], ("True", "false", "true")),
    "nothing": (["NA", "None", "x", "x"], ("NA", "None", "x")),
    "numbers in order": (["10", "9", "-1", "9"], ("-1", "9", "10")),
}


def read_text(tmp_path: Path, text: str, **settings: Any) -> Source:
    (tmp_path / "own.csv").write_text(text, encoding="utf-8")
    return table.read(str(tmp_path / "own.csv"), **{"target": "y", **settings})


def from_csv(folder: Path, labels: list[str]) -> Source:
    return read_text(folder, "a,y\n" + "".join(f"{row},{label}\n" for row, label in enumerate(labels)))


def from_tsv(folder: Path, labels: list[str]) -> Source:
    text = "a\ty\n" + "".join(f"{row}\t{label}\n" for row, label in enumerate(labels))
    (folder / "own.tsv").write_text(text, encoding="utf-8")
    return table.read(str(folder / "own.tsv"), "y")


def from_parquet(folder: Path, labels: list[str]) -> Source:
    pq.write_table(pa.table({"a": range(len(labels)), "y": labels}), folder / "own.parquet")
    return table.read(str(folder / "own.parquet"), "y")


def from_arrays(folder: Path, labels: list[str]) -> Source:
    np.savez(folder / "own.npz", X=np.arange(len(labels))[:, None], y=np.array(labels))
    return arrays.read(str(folder / "own.npz"))


def from_folders(folder: Path, labels: list[str]) -> Source:
    for number, label in enumerate(labels):
        (folder / "own" / label).mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((2, 2), number, np.uint8)).save(folder / "own" / label / f"{number}.png")
    source = images.read(str(folder / "own"))
    order = np.argsort(source.X[:, 0])
    return Source(**{**vars(source), "X": source.X[order], "y": source.y[order]})


@pytest.mark.parametrize("read", [from_csv, from_tsv, from_parquet, from_arrays, from_folders])
@pytest.mark.parametrize("kind", SPELLED)
def test_labels_are_kept_as_written(
    tmp_path: Path, read: Callable[..., Source], kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    labels, classes = SPELLED[kind]
    with caplog.at_level(logging.INFO):
        source = read(tmp_path, labels)
    assert [source.classes[label] for label in source.y] == labels
    assert set(source.classes) == set(classes) and (read is from_folders or source.classes == classes)
    alike = {"codes": 0, "numbers in order": 0, "nothing": 0}.get(kind, 1)
    assert caplog.text.count("names that look alike, and keeps each as written") == alike


def test_the_sentence_shows_both_spellings(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    from_csv(tmp_path, ["red", "red ", "re\u200bd", "blue"])
    assert r"'red' and 'red ' and 're\u200bd'" in caplog.text
    from_csv(tmp_path, ["größe", "gro\u0308ße", "x"])
    assert r"'größe' and 'gro\u0308\xdfe'" in caplog.text


def test_a_regression_reads_the_numbers_of_any_spelling(tmp_path: Path) -> None:
    source = read_text(tmp_path, "a,y\n1,007\n2,+1e1\n3, 2.50\n", task="regression")
    assert np.array_equal(source.y, [7, 10, 2.5])


NAMED, TWO_LEVELS = pd.Index([7, 3, 5], name="patient"), [["a", "b", "c"], [1, 1, 2]]
# in a CSV a named index is a column as any other, and an unnamed one of two levels is refused
INDEXES = [("csv", [7, 3, 5]), ("csv", None)]
INDEXES += [("parquet", index) for index in (NAMED, [7, 3, 5], None, TWO_LEVELS)]


@pytest.mark.parametrize(("kind", "index"), INDEXES)
def test_what_pandas_writes_beside_the_columns_is_an_index(
    tmp_path: Path, index: Any, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    frame = pd.DataFrame({"a": [1, 2, 3], "y": ["p", "q", "p"]}, index=index)
    path = tmp_path / f"own.{kind}"
    frame.to_parquet(path) if kind == "parquet" else frame.to_csv(path)
    with caplog.at_level(logging.INFO):
        source = table.read(str(path), "y")
    assert source.feature_names == ("a",) and np.array_equal(source.X[:, 0], [1, 2, 3])
    assert ("left out" in caplog.text) == (kind == "csv" or index is not None)


def test_a_first_column_without_a_name_that_is_no_index(tmp_path: Path) -> None:
    for cells in ("1\n1\n2", "0.5\n1.5\n2.5"):
        text = ",a,y\n" + "".join(f"{cell},{row},{row % 2}\n" for row, cell in enumerate(cells.split()))
        with pytest.raises(UserError, match=r"^column 1 of own\.csv has no name"):
            read_text(tmp_path, text)
    with pytest.raises(UserError, match=r"has no column beside"):
        read_text(tmp_path, "y\na\nb\n")


def advised(error: pytest.ExceptionInfo[UserError]) -> dict[str, Any]:
    """The settings of the reader that the sentence says to type, as Hydra reads them from a shell."""
    words = re.findall(r"'data\.reader\.[^']*'|data\.reader\.\w+=\w+", str(error.value))
    parsed = OverridesParser.create().parse_overrides([word.strip("'") for word in words])
    return {each.key_or_group.removeprefix("data.reader."): each.value() for each in parsed}


def test_all_constant_columns_at_once_and_the_advice_works(tmp_path: Path) -> None:
    rows = "".join(f"x,{row},mm,2020,no,{row % 2}\n" for row in range(4))
    text = "site,a,unit,my year,z,y\n" + rows
    with pytest.raises(
        UserError, match=r"^3 columns of own\.csv are constant: 'site' \(x in every row\)"
    ) as error:
        read_text(tmp_path, text, drop=["z"])
    settings = advised(error)
    assert settings == {"drop": ["z", "site", "unit", "my year"]}
    assert read_text(tmp_path, text, **settings).feature_names == ("a",)
    many = ",".join(f"c{column}" for column in range(300))
    with pytest.raises(UserError, match=r"'c9' \(7 in every row\) and 290 more"):
        read_text(tmp_path, f"{many},a,y\n" + "".join(f"{'7,' * 300}{row},{row % 2}\n" for row in range(3)))


def test_arrays_refuse_them_too_and_images_do_not(tmp_path: Path) -> None:
    X = np.arange(24.0).reshape(4, 6)
    X[:, [1, 4]] = 3
    np.savez(tmp_path / "own.npz", X=X, y=[0, 1, 0, 1])
    with pytest.raises(UserError, match=r"2 columns of X of own\.npz are constant: 'x1' \(3 in") as error:
        arrays.read(str(tmp_path / "own.npz"))
    source = arrays.read(str(tmp_path / "own.npz"), **advised(error))
    assert source.feature_names == ("x0", "x2", "x3", "x5") and np.array_equal(source.X, X[:, [0, 2, 3, 5]])
    np.savez(tmp_path / "own.npz", X=X.reshape(4, 2, 3), y=[0, 1, 0, 1])  # a border of one grey
    assert arrays.read(str(tmp_path / "own.npz")).image_shape == (2, 3)


def test_every_kind_of_fault_in_one_sentence(tmp_path: Path) -> None:
    text = "a,b,c,d,e,y\n1,,x,5,inf,p\n2,,y,5,2,\n,3,z,5,1,q\n"
    with pytest.raises(UserError) as error:
        read_text(tmp_path, text)
    sentence = str(error.value)
    for part in (
        "column 'y' of own.csv has no value in row 2 (the file's line 3)",
        "column 'c' of own.csv is not of numbers (row 1 (the file's line 2) has 'x')",
        "column 'd' of own.csv is constant (5 in every row)",
        "'a' in 1 row, row 3 (the file's line 4), 'b' in 2 rows, row 1 (the file's line 2), row 2",
        "column 'e' of own.csv is infinite in 1 row, row 1",
        "'data.reader.drop=[c,d]' leaves them out",
    ):
        assert part in sentence


def test_rows_and_lines_are_those_of_spreadsheets_and_editors(tmp_path: Path) -> None:
    text = '\n\na,"the\nnote",y\n1,"two\nlines",p\n\n2,"x","q"\n,x,p\n3\n'
    with pytest.raises(UserError, match=r"in 1 row: row 4 \(the file's line 10\) has 1"):
        read_text(tmp_path, text)
    with pytest.raises(UserError, match=r"no value in 1 row, row 3 \(the file's line 9\)"):
        read_text(tmp_path, text.replace("\n3\n", "\n"), drop=["the\nnote"])
    pq.write_table(pa.table({"a": [1, None], "y": ["p", "q"]}), tmp_path / "own.parquet")
    with pytest.raises(UserError, match=r"row 2 \(position 1 in pandas\)"):
        table.read(str(tmp_path / "own.parquet"), "y")


def test_a_quote_that_is_never_closed(tmp_path: Path) -> None:
    for text in ('a,y\n1,"p\n2,q\n', 'a,y\n5" x,p\n2,"q', 'a,y\n"1,p\n2,q\n'):
        with pytest.raises(UserError, match=r"a quote is opened and never closed|in 1 row: row 1"):
            read_text(tmp_path, text)


def test_truth_values_with_a_blank(tmp_path: Path) -> None:
    text = "flag,y\nTrue,p\nFALSE,q\n,p\n"
    with pytest.raises(
        UserError, match=r"^column 'flag' of own\.csv has no value in 1 row, row 3 \(the file's line 4\)"
    ):
        read_text(tmp_path, text)
    assert np.array_equal(read_text(tmp_path, text.replace("\n,", "\ntrue,")).X[:, 0], [1, 0, 1])


def test_decimal_commas(tmp_path: Path) -> None:
    text = "a;b;y\n-0,5;1;0,25\n1.5e3;2;1,75\n;3;2,5\n"
    with pytest.raises(UserError, match="not of numbers") as error:
        read_text(tmp_path, text.replace("1.5e3", "1,5e3").replace("\n;", "\n7;"), separator=";")
    settings = advised(error)
    assert settings["decimal"] == ","
    source = read_text(
        tmp_path, text.replace("1.5e3", "1,5e3").replace("\n;", "\n7;"), separator=";", decimal=","
    )
    assert np.array_equal(source.X, [[-0.5, 1], [1500, 2], [7, 3]]) and np.array_equal(
        source.y, [0.25, 1.75, 2.5]
    )
    with pytest.raises(UserError, match=r"'1\.5e3'"):  # a point is then no number's
        read_text(tmp_path, text, separator=";", decimal=",")
    with pytest.raises(UserError, match=r"^data\.reader\.decimal is ';'; allowed are '\.' and ','"):
        read_text(tmp_path, text, separator=";", decimal=";")
    # Some programs write them in quotes, between commas.
    source = read_text(tmp_path, 'a,y\n"1,5",p\n"2,5",q\n', decimal=",")
    assert np.array_equal(source.X[:, 0], [1.5, 2.5])


def test_a_target_with_decimal_commas_is_not_taken_for_names_unsaid(tmp_path: Path) -> None:
    text = 'a,y\n1,"0,5"\n2,"1,5"\n3,"0,5"\n'
    with pytest.raises(UserError, match=r"column 'y' of own\.csv has numbers with a decimal comma") as error:
        read_text(tmp_path, text)
    settings = advised(error)
    assert np.array_equal(read_text(tmp_path, text, decimal=settings["decimal"]).y, [0.5, 1.5, 0.5])
    assert read_text(tmp_path, text, task=settings["task"]).classes == ("0,5", "1,5")
    assert read_text(tmp_path, text.replace('"1,5"', '"1,5 m"')).classes == ("0,5", "1,5 m")


@pytest.mark.parametrize("separator", [chr(code) for code in (*range(1, 128),) if chr(code) not in '"\n\r'])
def test_any_separator_that_is_allowed_parts_values(tmp_path: Path, separator: str) -> None:
    words = ["A", "Y", "P", "Q"] if separator in "aypq" else ["a", "y", "p", "q"]
    numbers = [["1", "2", "1"], ["4", "5", "4"]][separator in "12"]
    rows = [words[:2], *zip(numbers, [words[2], words[3], words[2]], strict=True)]
    text = "".join(separator.join(row) + "\n" for row in rows)
    (tmp_path / "own.csv").write_text(text, newline="")
    source = table.read(str(tmp_path / "own.csv"), words[1], separator=separator)
    assert np.array_equal(source.X[:, 0], np.array(numbers, dtype=float))
    assert source.classes == (words[2], words[3])


@pytest.mark.parametrize(
    "described", ["[1]", '{"index_columns": null}', "{no", '"x"', '{"index_columns": 3}']
)
def test_what_pandas_says_of_a_file_may_be_damaged(tmp_path: Path, described: str) -> None:
    own = pa.table({"a": [1, 2], "y": ["p", "q"]}).replace_schema_metadata({"pandas": described})
    pq.write_table(own, tmp_path / "own.parquet")
    with pytest.raises(UserError, match=r"^own\.parquet has a description by pandas that is damaged"):
        table.read(str(tmp_path / "own.parquet"), "y")


def test_names_in_the_other_unicode_form(tmp_path: Path) -> None:
    text = "gro\u0308ße,a,übrig,y\n1,0,1,p\n2,3,2,q\n"
    source = read_text(tmp_path, text, target="größe", drop=["u\u0308brig", "y"])
    assert source.feature_names == ("a",) and source.classes == ("1", "2")
    with pytest.raises(UserError, match="several names read"):
        read_text(tmp_path, "e\u0302\u0323,e\u0323\u0302,y\n1,2,p\n2,3,q\n", drop=["ệ"])
    np.savez(tmp_path / "own.npz", **{"gro\u0308ße": [[1], [2]], "y": [0, 1]})
    assert arrays.read(str(tmp_path / "own.npz"), X="größe").X.shape == (2, 1)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", ["i2", "i4", "u8", "f2", "f4", "f8", "U3", "S3"])
def test_every_type_and_byte_order_of_targets(tmp_path: Path, kind: str, order: str) -> None:
    values = np.array([1, 3, 1, 2] if kind[0] in "iuf" else ["a", "c", "a", "b"]).astype(order + kind)
    (tmp_path / "OWN.NPZ").write_bytes(b"")
    with (tmp_path / "OWN.NPZ").open("wb") as file:
        np.savez(file, X=np.arange(8.0).reshape(4, 2), y=values)
    source = arrays.read(str(tmp_path / "OWN.NPZ"))
    assert source.classes == (("1", "2", "3") if kind[0] in "iuf" else ("a", "b", "c"))
    assert np.array_equal(source.y, [0, 2, 0, 1])


def test_targets_of_half_precision_are_prepared(tmp_path: Path) -> None:
    y = np.linspace(-60000, 60000, 30).astype("f2")
    np.savez(tmp_path / "own.npz", X=np.arange(60.0).reshape(30, 2), y=y)
    source = arrays.read(str(tmp_path / "own.npz"))
    assert source.y.dtype == np.float64 and np.array_equal(source.y, y.astype(float))
    for wide in ("g", "c8"):
        np.savez(tmp_path / "own.npz", X=np.arange(60.0).reshape(30, 2), y=y.astype(wide))
        with pytest.raises(UserError, match="has the type"):
            arrays.read(str(tmp_path / "own.npz"))


def test_a_wide_table_is_read_in_one_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No column has a step of its own: the calls into Arrow do not grow with them."""
    from perbatch.data import csv_files

    calls = []
    monkeypatch.setattr(csv_files, "judged", lambda *given: calls.append(0) or judged(*given))
    judged = __import__("perbatch.data.cells", fromlist=["judged"]).judged
    rng = np.random.default_rng(0)
    wide = rng.normal(size=(6, 3000)).round(3)
    frame = pd.DataFrame(wide, columns=[f"g{number}" for number in range(3000)])
    frame["g7"] = ["x", "y", "x", "y", "x", "z"]
    frame["y"] = list("ppqqpq")
    frame.to_csv(tmp_path / "own.csv", index=False)
    source = table.read(str(tmp_path / "own.csv"), "y", one_hot=True)
    assert source.X.shape == (6, 3002) and len(calls) == 1
    assert np.array_equal(source.X[:, 10:], wide[:, 8:])
