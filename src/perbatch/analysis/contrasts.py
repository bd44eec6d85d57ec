"""Two contenders on one axis to the target, paired by seed, with an honest verdict."""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd
import scipy

from perbatch.analysis.results import Results
from perbatch.analysis.statistics import (
    Estimate,
    no_value,
    one_sided,
    paired_difference,
    paired_ratio,
    probability_of_improvement,
)


class ContrastVerdict(StrEnum):
    """What a contrast can say of its first contender against its second."""

    LESS = "less"
    MORE = "more"
    SAME = "no difference shown"
    SINGLE = "one seed"
    FIRST_ONLY = "only the first"
    SECOND_ONLY = "only the second"
    PARTLY = "partly reached"
    NEITHER = "neither"
    UNPRICED = "no price"

    @property
    def judged(self) -> bool:
        """Whether an interval of the ratio decided."""
        return self in (ContrastVerdict.LESS, ContrastVerdict.MORE, ContrastVerdict.SAME)

    @property
    def saved(self) -> bool:
        """Whether the first needed less."""
        return self in (ContrastVerdict.LESS, ContrastVerdict.FIRST_ONLY)

    @property
    def cost(self) -> bool:
        """Whether the first needed more."""
        return self in (ContrastVerdict.MORE, ContrastVerdict.SECOND_ONLY)


@dataclass(frozen=True)
class Contrast:
    """Two rows of the comparison on one axis, over `n` seeds that both have.

    `ratio`: how many times the first one's need the second has, above 1 where the first needs less; without
    interval where too few seeds reached. `improvement`: the share of seeds in which the first needs less.
    `p_value`: of no difference, by the test that the interval belongs to (a t-test on logarithms, or a sign
    test for a median); nan without a verdict.
    """

    verdict: ContrastVerdict
    ratio: Estimate
    improvement: Estimate
    first: pd.Series
    second: pd.Series
    quantity: str
    p_value: float = math.nan

    @property
    def n(self) -> int:
        """The number of seeds that both have."""
        return self.ratio.n

    @property
    def factor(self) -> Estimate:
        """The ratio, turned so that it is at least 1: how many times more one of the two needs."""
        below = self.ratio.value < 1 or (np.isnan(self.ratio.value) and self.ratio.high < 1)
        return self.ratio.inverse if below else self.ratio


def contrast(results: Results, first: pd.Series, second: pd.Series, quantity: str) -> Contrast:
    """Compare two rows of the comparison by `quantity`_to_target over the seeds that both have."""
    a, b = paired(results, first, second, f"{quantity}_to_target")
    nothing = no_value(len(a))
    if a.isna().any() or b.isna().any() or (a <= 0).any() or (b <= 0).any():
        return Contrast(ContrastVerdict.UNPRICED, nothing, nothing, first, second, quantity)
    ratio = paired_ratio(b, a)
    verdict = _reached(np.isfinite(a), np.isfinite(b)) or _verdict(ratio)
    if verdict == ContrastVerdict.PARTLY and not np.isnan(ratio.low):
        verdict = _verdict(ratio)
    p_value = _p_value(ratio, a, b) if verdict.judged else math.nan
    return Contrast(verdict, ratio, probability_of_improvement(a, b), first, second, quantity, p_value)


def score_difference(results: Results, first: pd.Series, second: pd.Series) -> Estimate:
    """Return the paired difference (first minus second) of the test score; diverged is the worst."""
    a, b = paired(results, first, second, f"test_{results.sweep.score}")
    return paired_difference(a.fillna(-np.inf), b.fillna(-np.inf))


def paired(results: Results, first: pd.Series, second: pd.Series, column: str) -> tuple[pd.Series, pd.Series]:
    """Return a column of the reported runs of two rows of the comparison, by the seeds that both have."""
    a, b = (results.runs_of(row).set_index("seed")[column] for row in (first, second))
    seeds = a.index.intersection(b.index).sort_values()
    return a.loc[seeds], b.loc[seeds]


def _reached(a: pd.Series, b: pd.Series) -> ContrastVerdict | None:
    if a.all() and b.all() and len(a):
        return None
    if not a.any() and not b.any():
        return ContrastVerdict.NEITHER
    if a.all() and not b.any():
        return ContrastVerdict.FIRST_ONLY
    if b.all() and not a.any():
        return ContrastVerdict.SECOND_ONLY
    return ContrastVerdict.PARTLY


def _p_value(ratio: Estimate, a: pd.Series, b: pd.Series) -> float:
    if ratio.sample and np.std(ratio.sample) > 0:
        return 2 * one_sided(ratio.sample, 0.0, above=ratio.value > 1)
    differ = int((a != b).sum())
    return float(scipy.stats.binomtest(int((a < b).sum()), differ).pvalue) if differ else 1.0


def _verdict(ratio: Estimate) -> ContrastVerdict:
    if ratio.n == 1:
        return ContrastVerdict.SINGLE
    if ratio.low > 1:
        return ContrastVerdict.LESS
    return ContrastVerdict.MORE if ratio.high < 1 else ContrastVerdict.SAME
