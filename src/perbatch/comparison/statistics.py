"""Central values and 95 % intervals, each with its kind named."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student

MEAN = "mean, 95 % t-interval"
GEOMETRIC = "geometric mean, 95 % t-interval on logarithms"
MEDIAN = "median, no interval"
SINGLE = "one seed, no interval"
NOTHING = "no value"


@dataclass(frozen=True)
class Estimate:
    """A central value over `n` seeds with its interval; nan where there is none, `kind` says why."""

    value: float
    low: float
    high: float
    n: int
    kind: str

    @property
    def has_interval(self) -> bool:
        """Whether there are both ends."""
        return math.isfinite(self.low) and math.isfinite(self.high)


def mean_interval(values: ArrayLike, worst: float = math.inf) -> Estimate:
    """Mean and t-interval of final values; a non-finite value counts as `worst` and makes it a median."""
    x = _column(values)
    x = np.where(np.isfinite(x), x, worst)
    return _estimate(x, MEAN, lambda v: v, lambda v: v)


def geometric_interval(values: ArrayLike) -> Estimate:
    """Geometric mean of positive counts; with an unreached target (inf) the median, unreached as infinite."""
    x = _column(values)
    if (x <= 0).any():  # reached before the first update: no logarithm
        return _without_interval(x)
    return _estimate(x, GEOMETRIC, np.log, np.exp)


def paired_ratio(a: ArrayLike, b: ArrayLike) -> Estimate:
    """Geometric mean of a/b over pairs (same seed in the same place), all finite and positive."""
    return geometric_interval(_column(a) / _column(b))


def paired_difference(a: ArrayLike, b: ArrayLike) -> Estimate:
    """Mean of a - b over pairs, with its t-interval."""
    return mean_interval(_column(a) - _column(b))


def _column(values: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(values, dtype=np.float64).reshape(-1)


Map = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def _estimate(x: NDArray[np.float64], kind: str, forward: Map, backward: Map) -> Estimate:
    if len(x) == 0 or np.isnan(x).any():
        return Estimate(math.nan, math.nan, math.nan, len(x), NOTHING)
    if not np.isfinite(x).all():
        return _without_interval(x)
    if len(x) == 1:
        return Estimate(float(x[0]), math.nan, math.nan, 1, SINGLE)
    y = forward(x)
    half = student.ppf(0.975, len(y) - 1) * y.std(ddof=1) / math.sqrt(len(y))
    ends = backward(np.array([y.mean(), y.mean() - half, y.mean() + half]))
    return Estimate(float(ends[0]), float(ends[1]), float(ends[2]), len(x), kind)


def _without_interval(x: NDArray[np.float64]) -> Estimate:
    middle = _median(x)
    return Estimate(middle if math.isfinite(middle) else math.nan, math.nan, math.nan, len(x), MEDIAN)


def _median(x: NDArray[np.float64]) -> float:
    """Like numpy's, but the mean of a finite and an infinite middle is infinite, without a warning."""
    ordered = np.sort(x)
    low, high = ordered[(len(x) - 1) // 2], ordered[len(x) // 2]
    return float(low) if low == high else float(low) / 2 + float(high) / 2
