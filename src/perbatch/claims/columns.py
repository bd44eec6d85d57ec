"""Quantities that are read off columns of the evidence: at given rates, or where nothing was tuned."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from perbatch.analysis.statistics import mean_interval, paired_ratio
from perbatch.claims.evidence import Evidence
from perbatch.claims.reading import Reading, estimated, exact
from perbatch.claims.selection import at_chosen_rate, contender, select
from perbatch.errors import UserError


def mean(evidence: Evidence, column: str, of: Mapping[str, Any]) -> Reading:
    """The mean of a column over the reported seeds of one contender, at its given or chosen rate."""
    chosen = at_chosen_rate(evidence, contender(evidence, of))
    return estimated(mean_interval(_values(evidence, chosen.runs, column)), chosen.reservation)


def column_ratio(evidence: Evidence, column: str, over: str, of: Mapping[str, Any]) -> Reading:
    """One column over another, run by run, as a geometric mean over the reported seeds of one contender."""
    chosen = at_chosen_rate(evidence, contender(evidence, of))
    first, second = (_values(evidence, chosen.runs, name) for name in (column, over))
    return estimated(paired_ratio(first, second), chosen.reservation)


def contender_ratio(
    evidence: Evidence, column: str, of: Mapping[str, Any], over: Mapping[str, Any]
) -> Reading:
    """A column of one contender over that of another, paired by seed, at their given or chosen rates."""
    chosen = [at_chosen_rate(evidence, contender(evidence, wanted)) for wanted in (of, over)]
    first, second = (pd.Series(_values(evidence, each.runs, column), each.runs.index) for each in chosen)
    pairs = pd.concat([first, second], axis=1, join="inner").to_numpy()
    return estimated(paired_ratio(pairs[:, 0], pairs[:, 1]), *(each.reservation for each in chosen))


def largest(evidence: Evidence, column: str, of: Mapping[str, Any] | None = None) -> Reading:
    """The largest value of a column among some rows: an extreme, without an interval."""
    values = _values(evidence, select(evidence, of or {}), column)
    values = values[~np.isnan(values)]
    if not len(values):
        raise UserError(f"{evidence.claim.name}: {column} is empty where {dict(of or {})}")
    return exact(float(values.max()), len(values), "largest of all")


def farthest(evidence: Evidence, column: str, origin: float = 1.0) -> Reading:
    """The value of a column that is farthest from `origin`: within bounds only if every value is."""
    values = _values(evidence, evidence.table, column)
    return exact(
        float(values[np.abs(values - origin).argmax()]), len(values), f"farthest from {origin:g} of all"
    )


def column_slope(evidence: Evidence, column: str, against: str, of: Mapping[str, Any]) -> Reading:
    """Slope of log(column) on log(against), by least squares for each seed; the mean over seeds."""
    rows = select(evidence, of)
    slopes = [
        np.polyfit(np.log(part[against].to_numpy(float)), np.log(_values(evidence, part, column)), 1)[0]
        for _, part in rows.groupby("seed")
    ]
    return estimated(mean_interval(slopes))


def _values(evidence: Evidence, rows: pd.DataFrame, column: str) -> np.ndarray:
    if column not in rows:
        held = ", ".join(map(str, evidence.table.columns))
        raise UserError(f"{evidence.claim.name}: the evidence has no column {column!r}; it has {held}")
    return rows[column].to_numpy(float)
