"""The page benchmarks/search/search.md, and the rows of search.csv."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from perbatch import analysis
from perbatch.analysis.contenders import named
from perbatch.analysis.statistics import geometric_interval, mean_interval, paired_difference, paired_ratio

TARGET = 0.2
GRID = "grid"
SAMPLERS = ("tpe", "random", "qmc")
MEASURES = {"ratio": 1.0, "difference": 0.0}
"""What compares a way with the grid, and what says that both are alike."""

Row = dict[str, Any]

HEAD = """\
# Search against grid

Written by `make benchmark-search`; do not edit. Digits, {epochs} epochs, {runs:,} runs. Each mode gets as
many trials from each way, of learning rates from {interval}: a grid of rates a factor apart, both ends
included, or as many as a sampler asks for in the same interval, as logarithms, four at a time. The seeds 0
and 1 choose by one rule a rate for the validation loss {target} and one for the end of training; the {n}
seeds that are reported had no part in it.

Intervals are of 95 % over those seeds, paired by seed where a way is beside the grid of as many trials. Each
sampler made one draw, in which the trials of a smaller budget come first. Another draw may lead to another
rate: no interval here tells how far apart draws are. `tpe` draws its first ten trials as `random` does, so
below eleven the two are one.
"""

SHOWN = """\
## What it shows

{ratio}

{difference}

| trials | way | fewer evaluations | more | not told apart | lower loss | higher | not told apart |
| --- | --- | --- | --- | --- | --- | --- | --- |
{counts}

In how many of the {modes} modes a way differs from the grid of as many trials, where the interval says so.

{more}
"""


def rows(found: Mapping[tuple[int, str], analysis.Sweep]) -> list[Row]:
    """Return a row for each number of trials, way and mode: what was chosen, and what it came to."""
    table = []
    for (trials, way), sweep in found.items():
        to_target, to_end = _reported(sweep, TARGET), _reported(sweep, None)
        grid_to_target, grid_to_end = (
            _reported(found[trials, GRID], TARGET),
            _reported(found[trials, GRID], None),
        )
        for name, runs in to_target.items():
            needed, final = runs["evaluations_to_target"], to_end[name]["final_loss"]
            ratio = paired_ratio(needed, grid_to_target[name]["evaluations_to_target"])
            difference = paired_difference(final, grid_to_end[name]["final_loss"])
            table.append(
                {
                    "mode": named(runs.iloc[0]).long,
                    "trials": trials,
                    "way": way,
                    "n": len(runs),
                    "learning_rate": runs["learning_rate"].iloc[0],
                    "reached": int(np.isfinite(needed).sum()),
                    **geometric_interval(needed).columns("evaluations"),
                    **ratio.columns("ratio"),
                    "learning_rate_for_the_end": to_end[name]["learning_rate"].iloc[0],
                    **mean_interval(final).columns("loss"),
                    **difference.columns("difference"),
                }
            )
    return table


def page(table: Sequence[Row], interval: str, epochs: int, runs: int) -> str:
    """Return the whole page; `interval` and the other arguments are what was searched and trained."""
    modes = list(dict.fromkeys(row["mode"] for row in table))
    head = HEAD.format(epochs=epochs, runs=runs, interval=interval, n=table[0]["n"], target=TARGET)
    sections = [f"## {mode[0].upper()}{mode[1:]}\n\n{_table(table, mode)}\n" for mode in modes]
    return "\n".join([head, _shown(table, len(modes)), *sections])


def _shown(table: Sequence[Row], modes: int) -> str:
    searched = [row for row in table if row["way"] != GRID]
    budgets = sorted({row["trials"] for row in table})
    counts = []
    for trials in budgets:
        for way in SAMPLERS:
            own = [row for row in searched if (row["trials"], row["way"]) == (trials, way)]
            told = [str(count) for measure in MEASURES for count in _counts(own, measure)]
            counts.append(f"| {trials} | {way} | {' | '.join(told)} |")
    sentences = {}
    for measure, words in (("ratio", f"evaluations to {TARGET}"), ("difference", "final validation loss")):
        less, more, alike = _counts(searched, measure)
        sentences[measure] = (
            f"Beside the grid of as many trials, a search had less of the {words} in {less} of "
            f"{len(searched)} comparisons and more in {more}; {alike} are not told apart."
        )
    return SHOWN.format(counts="\n".join(counts), modes=modes, more=_more(table, budgets), **sentences)


def _counts(rows: Sequence[Row], measure: str) -> tuple[int, int, int]:
    """How many rows are below the grid by the interval of a measure, above it, and neither."""
    same = MEASURES[measure]
    below = sum(row[f"{measure}_high"] < same for row in rows)
    above = sum(row[f"{measure}_low"] > same for row in rows)
    return below, above, len(rows) - below - above


def _more(table: Sequence[Row], budgets: Sequence[int]) -> str:
    """What the largest budget brought, beside the smallest."""
    first, last = budgets[0], budgets[-1]
    losses = {(row["trials"], row["way"], row["mode"]): row["loss"] for row in table}
    parts = []
    for way in (GRID, *SAMPLERS):
        pairs = [
            (losses[first, way, mode], loss)
            for (trials, own, mode), loss in losses.items()
            if (trials, own) == (last, way)
        ]
        parts.append(f"`{way}` {sum(after < before for before, after in pairs)}")
    return (
        f"With {last} trials instead of {first} the mean final loss is lower in so many modes: "
        f"{', '.join(parts)}. It need not be lower: among more trials it is easier that one is the best on "
        "two seeds and not on others."
    )


def _table(table: Sequence[Row], mode: str) -> str:
    head = ["trials", "way", "rate", f"evaluations to {TARGET}", "reached", "times the grid's"]
    head += ["rate for the end", "final validation loss", "less the grid's"]
    lines = [head, ["---"] * len(head)]
    for row in table:
        if row["mode"] == mode:
            of = {"evaluations": ",.0f", "ratio": ".2f", "loss": ".4f", "difference": ".4f"}
            text = {name: _interval(row, name, form) for name, form in of.items()}
            if row["way"] == GRID:
                text |= dict.fromkeys(MEASURES, "")
            elif row["ratio"] == 0:
                text["ratio"] = "the grid's did not get there"
            rate, end = (f"{row[name]:g}" for name in ("learning_rate", "learning_rate_for_the_end"))
            reached = f"{row['reached']} of {row['n']}"
            left = [str(row["trials"]), row["way"], rate, text["evaluations"], reached, text["ratio"]]
            lines.append([*left, end, text["loss"], text["difference"]])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _interval(row: Row, name: str, form: str) -> str:
    value, low, high = (row[f"{name}{end}"] for end in ("", "_low", "_high"))
    if np.isnan(value):
        return "-"
    return f"{value:{form}}" + ("" if np.isnan(low) else f" ({low:{form}} to {high:{form}})")


def _reported(sweep: analysis.Sweep, target: float | None) -> dict[str, pd.DataFrame]:
    """The reported runs of each contender at its rate for a target, or for the end, by seed."""
    choices = analysis.choose_final_rates(sweep) if target is None else analysis.choose_rates(sweep)
    runs = analysis.reported_runs(sweep, choices).sort_values("seed")
    return {str(name): runs[runs["contender"] == name] for name in choices["contender"]}
