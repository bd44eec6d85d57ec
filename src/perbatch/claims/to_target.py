"""Quantities of what it takes to reach a target, against batch size."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from perbatch.analysis.statistics import mean_interval, paired_ratio
from perbatch.claims.evidence import Evidence
from perbatch.claims.reading import Reading, estimated, exact
from perbatch.claims.selection import (
    at_chosen_rate,
    check_budgets,
    contender,
    select,
    target_of,
)
from perbatch.errors import UserError

CLOCKS = ("epochs", "updates", "gradient_evaluations")


def slope(
    evidence: Evidence,
    clock: str,
    sizes: Sequence[Any],
    target: float | None = None,
    of: Mapping[str, Any] | None = None,
) -> Reading:
    """Slope of log(clock to target) on log(M) over the batch sizes between two, each at its chosen rate.

    Least squares for each reported seed; the mean over seeds with its t-interval.
    """
    chosen, reservations = to_target_by_size(evidence, clock, target, sizes, of)
    return estimated(mean_interval(_slopes(chosen)), *reservations)


def ratio(
    evidence: Evidence,
    clock: str,
    of: Mapping[str, Any],
    over: Mapping[str, Any],
    target: float | None = None,
) -> Reading:
    """Clock to target of one contender over another's, each at its chosen rate, paired by seed."""
    column = _column(evidence, clock, target)
    rows = [contender(evidence, wanted) for wanted in (of, over)]
    check_budgets(evidence, rows)
    chosen = [at_chosen_rate(evidence, each, target) for each in rows]
    pairs = pd.concat([each.runs[column] for each in chosen], axis=1, join="inner").to_numpy(float)
    if not np.isfinite(pairs).all():
        return Reading(np.nan, np.nan, np.nan, len(pairs), "no value", reservation=_missed(pairs))
    return estimated(paired_ratio(pairs[:, 0], pairs[:, 1]), *(each.reservation for each in chosen))


def rate_ratio(
    evidence: Evidence, of: Mapping[str, Any], over: Mapping[str, Any], summed: bool = False
) -> Reading:
    """The chosen rate of one contender over another's; `summed`: of rates over M, for summed gradients."""
    check_budgets(evidence, [contender(evidence, wanted) for wanted in (of, over)])
    first, second = (rate(evidence, wanted, summed) for wanted in (of, over))
    return exact(first.value / second.value, first.n, first.kind)


def rate(evidence: Evidence, of: Mapping[str, Any], summed: bool = False) -> Reading:
    """The chosen rate of a contender, which multiplies the mean gradient; `summed`: over M, for the sum."""
    rows = contender(evidence, of)
    chosen = at_chosen_rate(evidence, rows).rate / (rows["batch_size"].iloc[0] if summed else 1)
    return exact(float(chosen), len(evidence.claim.tuning_seeds), "chosen by the tuning seeds")


def to_target_by_size(
    evidence: Evidence,
    clock: str,
    target: float | None = None,
    sizes: Sequence[Any] = (1, "full"),
    of: Mapping[str, Any] | None = None,
) -> tuple[pd.DataFrame, list[str]]:
    """Return clock to target, a row a reported seed and a column a batch size, and what stands against it."""
    column = _column(evidence, clock, target)
    rows = select(evidence, of or {})
    low, high = (rows["n_train"].max() if size == "full" else size for size in sizes)
    within = sorted(size for size in rows["batch_size"].unique() if low <= size <= high)
    if len(within) < 2:
        raise UserError(f"{evidence.claim.name}: there are not two batch sizes from {low} to {high}")
    parts = [contender(evidence, {**(of or {}), "batch_size": size}) for size in within]
    check_budgets(evidence, parts)
    chosen = [at_chosen_rate(evidence, each, target) for each in parts]
    table = pd.DataFrame({size: each.runs[column] for size, each in zip(within, chosen, strict=True)})
    reservations = [each.reservation for each in chosen if each.reservation]
    if not np.isfinite(table.to_numpy(float)).all():
        reservations.append(_missed(table.to_numpy(float)))
    return table, reservations


def _column(evidence: Evidence, clock: str, target: float | None) -> str:
    if clock not in CLOCKS:
        raise UserError(f"{evidence.claim.name}: the clock {clock!r} must be one of {', '.join(CLOCKS)}")
    return f"{clock}_to_{target_of(evidence, target):g}"


def _slopes(table: pd.DataFrame) -> np.ndarray:
    x = np.log(np.array(table.columns, float))
    with np.errstate(invalid="ignore"):
        y = np.log(table.to_numpy(float))
        y = np.where(np.isfinite(y), y, np.nan)
        centred = x - x.mean()
        return (y @ centred) / (centred @ centred)


def _missed(values: np.ndarray) -> str:
    count = int((~np.isfinite(values)).sum())
    return f"{count} of {values.size} runs at the chosen rates did not reach the target"
