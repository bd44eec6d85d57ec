"""The page's tables as rows of text."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from perbatch.analysis.columns import COMPARISON
from perbatch.analysis.contenders import named
from perbatch.analysis.results import Results
from perbatch.analysis.statistics import Estimate
from perbatch.report.wording import PERCENT, clock_unit, estimate_of, number, rate, seeds_reached, share

EDGES = {"low": "lowest tried", "high": "highest tried", "only": "only one tried"}


@dataclass(frozen=True)
class Cell:
    """A value and, under it, its interval, and a note."""

    text: str
    under: str = ""
    note: str = ""


@dataclass(frozen=True)
class Table:
    """Column heads and rows; the first cell of a row names it."""

    heads: list[str]
    rows: list[list[Cell]]


def modes_table(results: Results) -> Table:
    """Return the contenders side by side: the comparison's columns that have a head, at the chosen rates."""
    table = results.comparison
    shown = [column for column in COMPARISON if column.head and column.name in table]
    factor, seconds = clock_unit(table["seconds_to_target"])
    heads = [seconds if column.name == "seconds_to_target" else column.head for column in shown]
    rows = [
        [Cell(*named(row).parts), *(_mode_cell(row, column.name, factor) for column in shown)]
        for _, row in table.iterrows()
    ]
    return Table(["mode", *heads], rows)


def ledger(results: Results) -> Table:
    """Return the runs by status, a row a contender, and their sum: the runs launched."""
    counts = results.sweep.statuses
    rows = []
    for _, row in results.comparison.iterrows():
        mine = counts.loc[row["contender"]]
        rows.append([Cell(*named(row).parts), *(Cell(f"{int(n):,}") for n in [*mine, mine.sum()])])
    total = counts.sum()
    rows.append([Cell("all"), *(Cell(f"{int(n):,}") for n in [*total, total.sum()])])
    return Table(["mode", *counts.columns, "launched"], rows)


def _mode_cell(row: pd.Series, name: str, factor: float) -> Cell:
    """A contender's cell; `factor` turns its seconds into the unit of the table.

    A column that has no case is an estimate over seeds; where it is empty, its runs diverged.
    """
    match name:
        case "learning_rate":
            over = f"/ M: {number(row['learning_rate_over_batch_size'])}"
            return Cell(rate(row[name]), over, EDGES.get(row["rate_at_edge"], ""))
        case "reached":
            return Cell(seeds_reached(row).removesuffix("s").removesuffix(" seed"))
        case "diverged":
            return Cell(f"{int(row[name])} of {int(row['runs'])}")
        case "seconds_to_target":
            if pd.isna(row[name]) and not pd.isna(row["epochs_to_target"]):
                return Cell("no price")
            return _cell(estimate_of(row, name).times(factor), number, "not reached")
        case "test_accuracy":
            return _cell(estimate_of(row, name), share, "diverged")
    return _cell(estimate_of(row, name), number, "not reached" if name.endswith("_to_target") else "diverged")


def _cell(estimate: Estimate, write: Callable[[float], str], missing: str) -> Cell:
    if pd.isna(estimate.value):
        return Cell(missing)
    if estimate.has_interval:
        low, high = write(estimate.low), write(estimate.high)
        return Cell(write(estimate.value), f"{low.removesuffix(PERCENT)} to {high}")
    return Cell(write(estimate.value), "median" if estimate.kind.startswith("median") else "")
