"""Two contenders on one axis to the target, paired by seed, with an honest verdict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from perbatch.comparison.compare import Findings
from perbatch.comparison.statistics import Estimate, paired_difference, paired_ratio

# What a contrast can say of its first contender against its second.
LESS, MORE, SAME, SINGLE = "less", "more", "no difference shown", "one seed"
FIRST_ONLY, SECOND_ONLY, PARTLY, NEITHER = "only the first", "only the second", "partly reached", "neither"
UNPRICED = "no price"


@dataclass(frozen=True)
class Contrast:
    """`factor`, at least 1: how many times more the needier one needs; nan where not all seeds reached."""

    verdict: str
    factor: Estimate
    first: pd.Series
    second: pd.Series
    quantity: str


def contrast(findings: Findings, first: pd.Series, second: pd.Series, quantity: str) -> Contrast:
    """Compare two rows of the comparison by `quantity`_to_target over the seeds that both have."""
    a, b = _paired(findings, first, second, f"{quantity}_to_target")
    ratio = Estimate(np.nan, np.nan, np.nan, len(a), "")
    if a.isna().any() or b.isna().any() or (a <= 0).any() or (b <= 0).any():
        return Contrast(UNPRICED, ratio, first, second, quantity)
    verdict = _reached(np.isfinite(a), np.isfinite(b))
    if not verdict:
        ratio = paired_ratio(b, a)
        verdict = _verdict(ratio)
        if ratio.value < 1:
            ratio = Estimate(1 / ratio.value, 1 / ratio.high, 1 / ratio.low, ratio.n, ratio.kind)
    return Contrast(verdict, ratio, first, second, quantity)


def score_difference(findings: Findings, first: pd.Series, second: pd.Series) -> Estimate:
    """Return the paired difference (first minus second) of the test score."""
    a, b = _paired(findings, first, second, f"test_{findings.study.score}")
    return paired_difference(a, b)


def _paired(
    findings: Findings, first: pd.Series, second: pd.Series, column: str
) -> tuple[pd.Series, pd.Series]:
    runs = findings.reported
    a, b = (runs[runs["contender"] == row["contender"]].set_index("seed")[column] for row in (first, second))
    seeds = a.index.intersection(b.index).sort_values()
    return a.loc[seeds], b.loc[seeds]


def _reached(a: pd.Series, b: pd.Series) -> str:
    if a.all() and b.all() and len(a):
        return ""
    if not a.any() and not b.any():
        return NEITHER
    if a.all() and not b.any():
        return FIRST_ONLY
    if b.all() and not a.any():
        return SECOND_ONLY
    return PARTLY


def _verdict(ratio: Estimate) -> str:
    if ratio.n == 1:
        return SINGLE
    if ratio.low > 1:
        return LESS
    return MORE if ratio.high < 1 else SAME
