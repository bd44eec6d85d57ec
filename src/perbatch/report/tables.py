"""The page's tables as rows of text."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pandas as pd

from perbatch.analysis.contenders import named
from perbatch.analysis.results import Results
from perbatch.analysis.statistics import Estimate
from perbatch.report.wording import (
    CLOCKS,
    PERCENT,
    UNITS,
    clock_unit,
    estimate_of,
    number,
    rate,
    score_text,
    seeds_reached,
)

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
    """Return the contenders side by side, at their chosen rates, over the reported seeds."""
    score, clock = results.sweep.score, clock_unit(results.comparison["seconds_to_target"])
    heads = ["mode", "rate", "reached by", *(UNITS[name] for name in CLOCKS[:-1]), clock[1]]
    heads += ["test accuracy" if score == "accuracy" else "test R²", "test loss", "diverged runs"]
    return Table(heads, [_mode_row(row, score, clock[0]) for _, row in results.comparison.iterrows()])


def ledger(results: Results) -> Table:
    """Return the runs by status, a row a contender, and their sum: the runs launched."""
    runs = results.sweep.runs
    counts = runs.groupby(["contender", "status"]).size().unstack(fill_value=0)
    counts = counts.reindex(columns=["finished", "diverged", "failed"], fill_value=0)
    rows = []
    for _, row in results.comparison.iterrows():
        mine = counts.loc[row["contender"]]
        rows.append([Cell(*named(row).parts), *(Cell(f"{int(n):,}") for n in [*mine, mine.sum()])])
    total = counts.sum()
    rows.append([Cell("all"), *(Cell(f"{int(n):,}") for n in [*total, total.sum()])])
    return Table(["mode", "finished", "diverged", "failed", "launched"], rows)


def _mode_row(row: pd.Series, score: str, clock: float) -> list[Cell]:
    edge = EDGES.get(row["rate_at_edge"], "")
    over = f"/ M: {number(row['learning_rate_over_batch_size'])}"
    cells = [
        Cell(*named(row).parts),
        Cell(rate(row["learning_rate"]), over, edge),
        Cell(seeds_reached(row).removesuffix("s").removesuffix(" seed")),
    ]
    for quantity in CLOCKS:
        estimate = estimate_of(row, f"{quantity}_to_target").times(clock if quantity == "seconds" else 1.0)
        unpriced = (
            quantity == "seconds"
            and pd.isna(row["seconds_to_target"])
            and not pd.isna(row["epochs_to_target"])
        )
        cells.append(Cell("no price") if unpriced else _cell(estimate, number, "not reached"))
    cells.append(_cell(estimate_of(row, f"test_{score}"), partial(score_text, score), "diverged"))
    cells.append(_cell(estimate_of(row, "test_loss"), number, "diverged"))
    cells.append(Cell(f"{int(row['diverged'])} of {int(row['runs'])}"))
    return cells


def _cell(estimate: Estimate, write: Callable[[float], str], missing: str) -> Cell:
    if pd.isna(estimate.value):
        return Cell(missing)
    if estimate.has_interval:
        low, high = write(estimate.low), write(estimate.high)
        return Cell(write(estimate.value), f"{low.removesuffix(PERCENT)} to {high}")
    return Cell(write(estimate.value), "median" if estimate.kind.startswith("median") else "")
