"""What a search found, as MLflow shows it: words, a table of all trials, and Optuna's plots."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from perbatch.search.objective import LOSS
from perbatch.search.trials import Trials
from perbatch.sweep.parents import Found

TAG = "best"
WORDS = """{table}

A {name}, medians over the seeds {seeds}. A trial is judged by the evaluations of the network to the
first target of the data set, if it has one, then by the final validation loss.

The runs at these values: `tags.{tag} = '{short}'`. All trials, and Optuna's plots of each cell: the
artifacts below `search`."""


def found(
    short: str, name: str, seeds: Sequence[int], cells: Sequence[Trials], best: frozenset[str]
) -> Found:
    """Return what a search, by its short name and in words, found in its cells on these tuning seeds.

    `best` as in `Found`.
    """
    said = ", ".join(map(str, seeds))
    words = WORDS.format(name=name, seeds=said, table=_markdown(cells), tag=TAG, short=short)
    return Found(words, lambda folder: _draw(cells, folder), (TAG, short), best)


def _markdown(cells: Sequence[Trials]) -> str:
    """The best trial of each cell."""
    judged = list(dict.fromkeys(column for cell in cells for column in cell.medians))
    head = ["cell", "best", *judged]
    rows = [head, ["---"] * len(head)]
    for cell in cells:
        point = ", ".join(f"{key}={value}" for key, value in cell.chosen[0].items())
        medians = cell.medians.iloc[cell.points.index(cell.chosen[0])]  # of the first that was asked
        rows.append([cell.label, point, *(_number(float(medians.get(column, np.nan))) for column in judged)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _number(value: float) -> str:
    if np.isnan(value):
        return ""
    if np.isinf(value):
        return "not reached"
    return f"{value:,.4g}" if value < 1000 else f"{value:,.0f}"


def _draw(cells: Sequence[Trials], folder: Path) -> None:
    from perbatch.search import plots  # Matplotlib's import takes its time

    tables = []
    for number, cell in enumerate(cells, 1):
        own = pd.DataFrame({"cell": cell.label, "trial": range(len(cell.points))})
        best = [int(point == cell.chosen[0]) for point in cell.points]
        tables.append(pd.concat([own, pd.DataFrame(cell.points), cell.medians], axis=1).assign(best=best))
        below = folder / re.sub(r"[^\w=.,+-]+", "_", f"{number:02d} {cell.label}")
        below.mkdir()
        led = next((name for name in cell.medians if np.isfinite(cell.medians[name]).any()), LOSS)
        plots.draw(below, cell.label, cell.points, cell.medians[led], cell.cell.ranges)
    pd.concat(tables).to_csv(folder / "trials.csv", index=False, lineterminator="\n")
