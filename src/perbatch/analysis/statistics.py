"""Central values, 95 % intervals and paired comparisons over seeds, each with its kind named.

Paired by seed, what the seeds share (the start, the order of examples) cancels.

Unreached targets are censored. Every run of a contender is followed to the same end, so the question is not
when an unreached run would have got there, but whether: it counts as infinite, beyond all that got there.
The median and its order statistics then need no model, and the interval is exact: with n = 10, from the
second to the ninth value, which covers the median with a probability of 97.9 %; below n = 6 there is none at
95 %. Kaplan-Meier gives the same median where all are censored at one end, but its interval is an
approximation for large n, and it would take a diverged run, which never gets there, for one that was merely
watched less long. So it is SciPy's `quantile_test`, and not lifelines.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from statistics import median
from typing import Any, Self

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

MEAN = "mean, 95 % t-interval"
GEOMETRIC = "geometric mean, 95 % t-interval on logarithms"
ORDER = "median, 95 % order-statistic interval"
MEDIAN = "median, no interval"
SHARE = "share of seeds, 95 % Clopper-Pearson interval"
SPREAD = "standard deviation, 95 % chi-squared interval"
SINGLE = "one seed, no interval"
NOTHING = "no value"
PAIRED_MEDIAN = "median over pairs, 95 % order-statistic interval"
IMPROVEMENT = "share of seeds in which the first needs less, ties half; 95 % Clopper-Pearson interval"
LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """A central value over `n` seeds with its interval; nan where there is none, `kind` says why.

    Where targets were not reached the interval may be open: `high` is infinite. A `value` is never infinite.
    `sample`: what the t-interval is of, a number a seed, logarithms for a geometric mean; else empty.
    """

    value: float
    low: float
    high: float
    n: int
    kind: str
    sample: tuple[float, ...] = field(default=(), repr=False, compare=False)

    @property
    def has_interval(self) -> bool:
        """Whether there are both ends."""
        return math.isfinite(self.low) and math.isfinite(self.high)

    def times(self, factor: float) -> Self:
        """The estimate in a unit that is `factor` (above 0) times smaller."""
        value, low, high = (x * factor for x in (self.value, self.low, self.high))
        return replace(self, value=value, low=low, high=high, sample=())

    @property
    def inverse(self) -> Self:
        """The estimate of one over a positive quantity."""
        value, low, high = (math.inf if x == 0 else 1 / x for x in (self.value, self.low, self.high))
        return replace(self, value=value, low=high, high=low, sample=())

    def columns(self, name: str) -> dict[str, float]:
        """The value and the ends of its interval, by the names of a table's columns."""
        return {name: self.value, f"{name}_low": self.low, f"{name}_high": self.high}

    @classmethod
    def of(cls, row: Mapping[str, Any], name: str, kind: str = "kind") -> Self:
        """The estimate that `columns` wrote into a row of a table with n; its kind is in column `kind`."""
        return cls(row[name], row[f"{name}_low"], row[f"{name}_high"], int(row["n"]), row[kind])


def no_value(n: int, kind: str = NOTHING) -> Estimate:
    """Return the estimate of what `n` seeds cannot say."""
    return Estimate(math.nan, math.nan, math.nan, n, kind)


def mean_interval(values: ArrayLike, worst: float = math.inf) -> Estimate:
    """Mean and t-interval of final values; a non-finite value counts as `worst` and makes it a median."""
    x = column(values)
    x = np.where(np.isfinite(x), x, worst)
    return _estimate(x, MEAN, lambda v: v, lambda v: v)


def geometric_interval(values: ArrayLike) -> Estimate:
    """Geometric mean of positive counts; with an unreached target (inf) the median, unreached as infinite."""
    x = column(values)
    if (x <= 0).any():  # reached before the first update: no logarithm
        return median_interval(x)
    return _estimate(x, GEOMETRIC, np.log, np.exp)


def median_interval(values: ArrayLike) -> Estimate:
    """Median with its exact interval by order statistics, for any values, infinite ones included.

    The value is nan where the middle is infinite, and there is no interval below n = 6 or where both ends are
    infinite.
    """
    x = column(values)
    if len(x) == 0 or np.isnan(x).any():
        return no_value(len(x))
    middle = median(x.tolist())
    value = middle if math.isfinite(middle) else math.nan
    low, high = (math.nan if rank is None else float(np.sort(x)[rank]) for rank in _ranks(len(x)))
    if math.isnan(low) or math.isnan(high) or (math.isinf(low) and low == high):
        return Estimate(value, math.nan, math.nan, len(x), SINGLE if len(x) == 1 else MEDIAN)
    return Estimate(value, low, high, len(x), ORDER)


@cache
def _ranks(n: int) -> tuple[int | None, int | None]:
    """The places of the order statistics that are the ends of a median's interval; None without an end."""
    ends = scipy.stats.quantile_test(np.arange(n), p=0.5).confidence_interval(LEVEL)
    low, high = (None if math.isnan(end) else int(end) for end in ends)
    return low, high


def half_width(spread: float, n: int, among: int = 1) -> float:
    """Half the width of the 95 % t-interval on a mean of n values that have this standard deviation.

    `among`: of so many intervals all hold together at 95 % (Bonferroni).
    """
    return _t(n, among) * float(spread) / math.sqrt(n)


@cache
def _t(n: int, among: int) -> float:
    return float(scipy.stats.t.ppf(1 - (1 - LEVEL) / 2 / among, n - 1))


@cache
def share_interval(count: int, n: int) -> Estimate:
    """`count` of `n` as a share, with the exact interval of Clopper and Pearson."""
    if n == 0:
        return no_value(0)
    low, high = map(float, scipy.stats.binomtest(count, n).proportion_ci(LEVEL, method="exact"))
    return Estimate(count / n, low, high, n, SHARE)


def one_sided(sample: ArrayLike, bound: float, above: bool) -> float:
    """Return the p-value of Student's t-test for a mean above (or below) a bound; the sample must vary."""
    x = column(sample)
    away = (x.mean() - bound) / (x.std(ddof=1) / math.sqrt(len(x)))
    return float(scipy.stats.t.sf(away if above else -away, len(x) - 1))


def holm(p_values: Sequence[float], level: float = 1 - LEVEL) -> list[bool]:
    """Tell which of several p-values stay below the level of all together (Holm 1979)."""
    kept, result = True, [False] * len(p_values)
    for place, index in enumerate(np.argsort(p_values, kind="stable")):
        kept = kept and p_values[index] <= level / (len(p_values) - place)
        result[index] = bool(kept)
    return result


def spread_interval(values: ArrayLike) -> Estimate:
    """Standard deviation over seeds, with the interval for values that vary as a bell curve does."""
    x = column(values)
    if len(x) < 2 or not np.isfinite(x).all():
        return no_value(len(x), SINGLE if len(x) == 1 else NOTHING)
    squares = float(np.square(x - x.mean()).sum())
    ends = scipy.stats.chi2.ppf([(1 + LEVEL) / 2, (1 - LEVEL) / 2], len(x) - 1)
    low, high = np.sqrt(squares / ends)
    return Estimate(math.sqrt(squares / (len(x) - 1)), float(low), float(high), len(x), SPREAD)


def paired_ratio(a: ArrayLike, b: ArrayLike) -> Estimate:
    """How many times b's need a has, over pairs (same seed in the same place).

    All finite and positive: the geometric mean of a/b. Else the median of a/b, unreached as infinite; where
    neither was reached the ratio may be anything, so it counts as 0 for the lower end and as infinite for
    the upper one, and the interval stays on the safe side.
    """
    x, y = column(a), column(b)
    if np.isnan(x).any() or np.isnan(y).any():
        return no_value(len(x))
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
        return no_value(len(x))
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


def column(values: ArrayLike) -> NDArray[np.float64]:
    """Return the values as one array of floats."""
    return np.asarray(values, dtype=np.float64).reshape(-1)


Map = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def _estimate(x: NDArray[np.float64], kind: str, forward: Map, backward: Map) -> Estimate:
    if not np.isfinite(x).all() or len(x) == 0:
        return median_interval(x)
    if len(x) == 1:
        return Estimate(float(x[0]), math.nan, math.nan, 1, SINGLE)
    y = forward(x)
    half = half_width(y.std(ddof=1), len(y))
    ends = backward(np.array([y.mean(), y.mean() - half, y.mean() + half]))
    return Estimate(float(ends[0]), float(ends[1]), float(ends[2]), len(x), kind, tuple(y.tolist()))


def rounded(value: float) -> float | None:
    """Return six digits of a number, None where it is not finite: as JSON has it."""
    return float(f"{value:.6g}") if math.isfinite(value) else None
