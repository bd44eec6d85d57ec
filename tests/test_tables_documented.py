"""docs/tables.md names exactly the columns that the stages write."""

import csv
import re
import sys
from pathlib import Path

import pandas as pd
import pytest

import perbatch.columns
from perbatch.columns import RUNS, Role

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import tables_page  # noqa: E402

PAGE = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")


def documented(name: str) -> list[str]:
    """The columns of a table, in the page's order; `_low` behind a name is the name with that end."""
    section = re.search(rf"^## {re.escape(name)}$(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert section is not None, f"docs/tables.md has no section {name}"
    columns = []
    for cell, unit, meaning in re.findall(r"^\| (`.*?`) \| (.*?) ?\| (.*?) \|$", section[1], re.MULTILINE):
        names = re.findall(r"`(.*?)`", cell)
        columns += [names[0], *(names[0] + end for end in names[1:])]
        assert meaning, (cell, unit)
    return columns


def header(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file))


@pytest.fixture(scope="module")
def exported() -> dict[str, pd.DataFrame]:
    from perbatch.analysis.exports import result_tables
    from planted import results_of, usual_runs

    return result_tables(results_of(usual_runs()))


def test_evaluations_tables(exported: dict[str, pd.DataFrame]) -> None:
    sections = set(re.findall(r"^## (.*)$", PAGE, re.MULTILINE))
    assert sections == {*exported, "runs.csv", "history.csv", "throughput.csv", "elsewhere.csv"}
    for name, table in exported.items():
        # a classification has the first of test_accuracy and test_r2, a regression the second; and nothing
        # was swept beside the modes
        wanted = [column for column in documented(name) if not column.startswith(("test_r2", "variant"))]
        assert list(table.columns) == wanted, name


def test_trains_tables(workspace: Path, composed) -> None:
    from perbatch.data import load
    from perbatch.runs import places, training
    from perbatch.runs.run import Run

    config = composed("epochs=1", "model.hidden=[2]", "batch_size=full", "engine=numpy")
    run = Run.of(config)
    data = load(places.PREPARED / "digits", run.config["data"])
    outcome = training.train_run(run, data, lambda row: None)
    assert list(outcome.row) == documented("runs.csv") == [column.name for column in RUNS]
    assert ["identity", *outcome.history.split("\n")[0].split(",")] == documented("history.csv")


def test_the_pages_columns_of_runs_and_history_are_those_of_the_library() -> None:
    assert tables_page.written(PAGE) == PAGE
    bare = re.sub(r"^(## runs\.csv\n.*?\n\n)(?:\|[^\n]*\n)+", r"\1| a | b |\n", PAGE, flags=re.M | re.S)
    assert bare != PAGE and tables_page.written(bare) == PAGE


def test_benchmarks_table() -> None:
    assert header(ROOT / "results" / "benchmark" / "throughput.csv") == documented("throughput.csv")


def test_the_tutorial_cuts_the_columns_that_answer_its_question() -> None:
    tutorial = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    command = re.search(r"^cut -d, -f(\S+) \S+/comparison\.csv$", tutorial, re.MULTILINE)
    assert command is not None
    places = [part.partition("-") for part in command[1].split(",")]
    columns = documented("comparison.csv")
    cut = [name for first, _, last in places for name in columns[int(first) - 1 : int(last or first)]]
    epochs = [f"epochs_to_target{end}" for end in ("", "_low", "_high")]
    assert cut == ["target", "batch_size", "learning_rate", "n", *epochs]


def test_a_column_is_a_line_that_may_go_on() -> None:
    text = """
loss | loss | result needed final interval | of the part,
    as told | loss head
seed | | key config | draws
"""
    loss, seed = perbatch.columns.table(text)
    assert (loss.name, loss.unit, loss.meaning, loss.head) == (
        "loss",
        "loss",
        "of the part, as told",
        "loss head",
    )
    assert (loss.role, loss.needed, loss.metric) == (Role.RESULT, True, "final/loss")
    assert loss.names == ["loss", "loss_low", "loss_high"]
    assert (seed.unit, seed.role, seed.metric, seed.names) == ("", Role.KEY, "config/seed", ["seed"])
    with pytest.raises(TypeError, match="wanted"):
        perbatch.columns.table("seed | | key wanted | draws")
