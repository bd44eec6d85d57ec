"""Two contenders seed by seed: what seeds share (the start, the order of examples) cancels."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from perbatch.comparison.statistics.estimates import (
    MEDIAN,
    NOTHING,
    Estimate,
    column,
    geometric_interval,
    mean_interval,
    median_interval,
    share_interval,
)

PAIRED_MEDIAN = "median over pairs, 95 % order-statistic interval"
IMPROVEMENT = "share of seeds in which the first needs less, ties half; 95 % Clopper-Pearson interval"


def paired_ratio(a: ArrayLike, b: ArrayLike) -> Estimate:
    """How many times b's need a has, over pairs (same seed in the same place).

    All finite and positive: the geometric mean of a/b. Else the median of a/b, unreached as infinite; where
    neither was reached the ratio may be anything, so it counts as 0 for the lower end and as infinite for
    the upper one, and the interval stays on the safe side.
    """
    x, y = column(a), column(b)
    if np.isnan(x).any() or np.isnan(y).any():
        return Estimate(math.nan, math.nan, math.nan, len(x), NOTHING)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = x / y
    if np.isfinite(ratio).all() and (ratio > 0).all():
        return geometric_interval(ratio)
    return _median_between(ratio, 0.0)


def paired_difference(a: ArrayLike, b: ArrayLike) -> Estimate:
    """Mean of a - b over pairs, with its t-interval; the median where a value is infinite (diverged)."""
    with np.errstate(invalid="ignore"):
        difference = column(a) - column(b)
    if np.isfinite(difference).all():
        return mean_interval(difference)
    return _median_between(difference, -math.inf)


def probability_of_improvement(a: ArrayLike, b: ArrayLike) -> Estimate:
    """Share of the pairs in which a is below b, a tie counting half (both unreached is a tie).

    The interval is exact and on the safe side: ties count as lost for the lower end and as won for the upper.
    """
    x, y = column(a), column(b)
    if len(x) == 0 or np.isnan(x).any() or np.isnan(y).any():
        return Estimate(math.nan, math.nan, math.nan, len(x), NOTHING)
    wins, ties = int((x < y).sum()), int((x == y).sum())
    low, high = share_interval(wins, len(x)).low, share_interval(wins + ties, len(x)).high
    return Estimate((wins + ties / 2) / len(x), low, high, len(x), IMPROVEMENT)


def _median_between(values: NDArray[np.float64], lowest: float) -> Estimate:
    """The median where a pair that cannot be told (nan) may lie anywhere from `lowest` to infinity."""
    least = median_interval(np.where(np.isnan(values), lowest, values))
    most = median_interval(np.where(np.isnan(values), math.inf, values))
    value = least.value if least.value == most.value else math.nan
    if math.isnan(least.low) or math.isnan(most.high):
        return Estimate(value, math.nan, math.nan, len(values), MEDIAN)
    return Estimate(value, least.low, most.high, len(values), PAIRED_MEDIAN)
