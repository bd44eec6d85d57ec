"""Quantities of where training ends: scores at the chosen rates, and the range of rates that will do."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from perbatch.analysis.statistics import Estimate, half_width, mean_interval, paired_difference
from perbatch.analysis.tuning import choose
from perbatch.claims.evidence import Evidence
from perbatch.claims.reading import Reading, estimated
from perbatch.claims.selection import (
    BY,
    Chosen,
    at_chosen_rate,
    check_budgets,
    contender,
    scored,
    select,
)
from perbatch.columns import AXES
from perbatch.errors import UserError


def difference(evidence: Evidence, column: str, of: Mapping[str, Any], over: Mapping[str, Any]) -> Reading:
    """A column at one contender's chosen rate minus at another's, paired by seed.

    `batch_size: [2, 32]` in `of` means the best of those sizes, chosen as a rate is, by the tuning seeds.
    """
    groups = [_candidates(evidence, wanted) for wanted in (of, over)]
    check_budgets(evidence, [rows for group in groups for rows in group])
    chosen = [_best(evidence, group) for group in groups]
    return estimated(_paired(chosen[0], chosen[1], column), *(each.reservation for each in chosen))


def largest_difference(evidence: Evidence, column: str, of: Mapping[str, Any] | None = None) -> Reading:
    """The largest difference of a column's mean between two contenders, each at its chosen rate.

    The interval is about every pair, each paired by seed, and not about the pair that was picked for being
    the largest: no pair's 95 % interval goes beyond the upper end, and by the lower one (Bonferroni over the
    pairs) at least one pair differs.
    """
    rows = select(evidence, of or {})
    axes = [axis for axis in AXES if axis in rows and axis != "n_train"]
    parts = [part for _, part in rows.groupby(axes, dropna=False)]
    check_budgets(evidence, parts)
    chosen = [at_chosen_rate(evidence, part) for part in parts]
    pairs = [_paired(a, b, column) for a, b in combinations(chosen, 2)]
    if not pairs:
        raise UserError(f"{evidence.claim.name}: there are not two contenders to compare")
    return _of_every_pair(pairs, *(each.reservation for each in chosen))


def _of_every_pair(pairs: list[Estimate], *reservations: str) -> Reading:
    if any(not pair.sample for pair in pairs):  # a score is missing, or there is one seed
        return estimated(next(pair for pair in pairs if not pair.sample), *reservations)
    sizes = [pair if pair.value >= 0 else _turned(pair) for pair in pairs]
    largest = max(sizes, key=lambda pair: pair.value)
    n, together = largest.n, len(pairs)
    sure = max(pair.value - half_width(float(np.std(pair.sample, ddof=1)), n, together) for pair in sizes)
    ends = replace(largest, low=max(0.0, sure), high=max(pair.high for pair in sizes))
    return replace(estimated(ends, *reservations), among=together)


def _turned(pair: Estimate) -> Estimate:
    """The difference the other way round."""
    sample = tuple(-value for value in pair.sample)
    return Estimate(-pair.value, -pair.high, -pair.low, pair.n, pair.kind, sample)


def octaves(
    evidence: Evidence, of: Mapping[str, Any], over: Mapping[str, Any], within: float = 0.02
) -> Reading:
    """Octaves of usable rates of one contender minus another's: those on a grid of a factor of two.

    Usable: validation accuracy at most `within` below the best of that contender and seed. The mean over
    reported seeds; a range open at an edge of the grid is a reservation.
    """
    rows = [contender(evidence, wanted) for wanted in (of, over)]
    check_budgets(evidence, rows)
    counts = [usable_octaves(evidence, each, within) for each in rows]
    open_ends = [
        f"the usable rates of {dict(wanted)} reach the edge of the grid"
        for wanted, (_, is_open) in zip((of, over), counts, strict=True)
        if is_open
    ]
    return estimated(paired_difference(counts[0][0], counts[1][0]), *open_ends)


def usable_octaves(evidence: Evidence, rows: pd.DataFrame, within: float) -> tuple[np.ndarray, bool]:
    """Return the number of usable rates of each reported seed, and whether an edge of the grid is usable."""
    reported = evidence.claim.reported(rows)
    accuracy = reported["validation_accuracy"].where(reported["status"] == "finished", 0.0)
    table = reported.assign(accuracy=accuracy).pivot(index="seed", columns="learning_rate", values="accuracy")
    steps = np.diff(np.log2(table.columns.to_numpy(float)))
    if not np.allclose(steps, 1.0):
        raise UserError(f"{evidence.claim.name}: octaves need learning rates a factor of two apart")
    usable = table.to_numpy() >= table.to_numpy().max(axis=1, keepdims=True) - within
    return usable.sum(axis=1).astype(float), bool(usable[:, [0, -1]].any())


def _candidates(evidence: Evidence, of: Mapping[str, Any]) -> list[pd.DataFrame]:
    sizes = of.get("batch_size")
    if not isinstance(sizes, list | tuple):
        return [contender(evidence, of)]
    rest = {key: value for key, value in of.items() if key != "batch_size"}
    found = sorted(select(evidence, rest)["batch_size"].unique())
    return [
        contender(evidence, {**rest, "batch_size": size}) for size in found if sizes[0] <= size <= sizes[1]
    ]


def _best(evidence: Evidence, candidates: list[pd.DataFrame]) -> Chosen:
    """The candidate that the tuning seeds choose, as they choose among rates."""
    chosen = [at_chosen_rate(evidence, rows) for rows in candidates]
    tuning = [
        evidence.claim.tuning(rows[rows["learning_rate"] == each.rate]).assign(place=place)
        for place, (rows, each) in enumerate(zip(candidates, chosen, strict=True))
    ]
    return chosen[int(choose(scored(evidence, pd.concat(tuning)), BY, among="place")["place"].iloc[0])]


def _paired(a: Chosen, b: Chosen, column: str) -> Estimate:
    if column not in a.runs:
        raise UserError(
            f"the evidence has no column {column!r}; it has {', '.join(map(str, a.runs.columns))}"
        )
    both = pd.concat([a.runs[column], b.runs[column]], axis=1, join="inner").to_numpy(float)
    if not np.isfinite(both).all():
        return mean_interval([np.nan])
    return paired_difference(both[:, 0], both[:, 1])
