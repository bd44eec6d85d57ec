"""What was swept beside the modes: the results of each of its values, and these values against each other."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pandas as pd

from perbatch.analysis.contenders import SETTINGS, swept
from perbatch.analysis.results import Results, fact


@fact
def variants(results: Results) -> tuple[Results, ...]:
    """Return the results of each value of what was swept beside the modes, the sweep's first value first.

    Modes are compared within one of them. Where nothing else was swept, these are the results themselves.
    """
    names = results.sweep.runs.sort_index()["variant"].unique()
    return tuple(_only(results, name) for name in names) if len(names) > 1 else (results,)


def variant(results: Results) -> str:
    """Return the value that the results of one value are of; empty where nothing else was swept."""
    return str(results.sweep.runs["variant"].iloc[0])


def axis(results: Results) -> str:
    """Return the column that was swept beside the modes; empty where there is none."""
    return "".join(swept(results.sweep.runs))


def across(results: Results) -> Iterator[tuple[Results, tuple[str, str], pd.Series, pd.Series]]:
    """Give, a target at a time, each mode at the first value and at each other one: names and rows."""
    first, *others = variants(results)
    for each in results.each:
        rows = {(row["variant"], *row[SETTINGS].astype(str)): row for _, row in each.comparison.iterrows()}
        for (name, *mode), row in rows.items():
            for other in map(variant, others):
                if name == variant(first) and (other, *mode) in rows:
                    yield each, (name, other), row, rows[other, *mode]


def stacked(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of all tables of one kind; an empty one has no say in the types of the columns."""
    return pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True)


def _only(results: Results, name: str) -> Results:
    """The results of one value, at all targets."""

    def mine(table: pd.DataFrame) -> pd.DataFrame:
        return table[table["variant"] == name]

    sweep = results.sweep
    runs = mine(sweep.runs)
    history = sweep.history[sweep.history["identity"].isin(runs["identity"])]
    return replace(
        results,
        sweep=replace(sweep, runs=runs, history=history),
        choices=mine(results.choices).reset_index(drop=True),
        reported=mine(results.reported),
        comparison=mine(results.comparison).reset_index(drop=True),
        others=tuple(_only(each, name) for each in results.others),
        ending=results.ending and _only(results.ending, name),
    )
