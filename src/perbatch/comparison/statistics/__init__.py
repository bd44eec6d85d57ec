"""Central values, intervals and paired comparisons over seeds, each with its kind named."""

from perbatch.comparison.statistics.estimates import (
    GEOMETRIC,
    MEAN,
    MEDIAN,
    NOTHING,
    ORDER,
    SINGLE,
    Estimate,
    geometric_interval,
    mean_interval,
    median_interval,
    share_interval,
    spread_interval,
)
from perbatch.comparison.statistics.paired import (
    PAIRED_MEDIAN,
    paired_difference,
    paired_ratio,
    probability_of_improvement,
)

__all__ = [
    "GEOMETRIC",
    "MEAN",
    "MEDIAN",
    "NOTHING",
    "ORDER",
    "PAIRED_MEDIAN",
    "SINGLE",
    "Estimate",
    "geometric_interval",
    "mean_interval",
    "median_interval",
    "paired_difference",
    "paired_ratio",
    "probability_of_improvement",
    "share_interval",
    "spread_interval",
]
