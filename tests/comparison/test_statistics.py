import math

import numpy as np
import pytest
from scipy import stats

from perbatch.comparison import statistics as s


def test_mean_interval_is_students():
    x = [1.0, 2.0, 4.0]
    estimate = s.mean_interval(x)
    low, high = stats.t.interval(0.95, 2, loc=np.mean(x), scale=stats.sem(x))
    assert (estimate.value, estimate.n, estimate.kind) == (pytest.approx(7 / 3), 3, s.MEAN)
    assert (estimate.low, estimate.high) == (pytest.approx(low), pytest.approx(high))


def test_geometric_interval_is_students_on_logarithms():
    x = [1.0, 10.0, 100.0]
    estimate = s.geometric_interval(x)
    low, high = stats.t.interval(0.95, 2, loc=np.log(10), scale=stats.sem(np.log(x)))
    assert estimate.value == pytest.approx(10)
    assert (estimate.low, estimate.high) == (pytest.approx(math.exp(low)), pytest.approx(math.exp(high)))
    assert estimate.kind == s.GEOMETRIC


def test_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(0)
    samples = np.exp(rng.normal(1.0, 0.5, size=(1000, 3)))
    covers = [e.low <= math.e <= e.high for e in map(s.geometric_interval, samples)]
    assert 0.93 < np.mean(covers) < 0.97


@pytest.mark.parametrize(
    ("values", "middle"), [([1, 2, np.inf], 2), ([1, np.inf, np.inf], math.nan), ([1, np.inf], math.nan)]
)
def test_unreached_counts_as_infinite(values, middle):
    estimate = s.geometric_interval(values)
    assert estimate.value == pytest.approx(middle, nan_ok=True)
    assert estimate.kind == s.MEDIAN
    assert not estimate.has_interval


def test_diverged_counts_as_the_worst():
    assert s.mean_interval([0.1, 0.2, np.nan]).value == 0.2
    accuracy = s.mean_interval([0.9, 0.8, np.nan], worst=-np.inf)
    assert (accuracy.value, accuracy.has_interval) == (0.8, False)


def test_one_seed_has_no_interval():
    estimate = s.geometric_interval([3.0])
    assert (estimate.value, estimate.kind, estimate.has_interval) == (3.0, s.SINGLE, False)


def test_missing_values_give_no_value():
    assert math.isnan(s.geometric_interval([1.0, np.nan]).value)
    assert math.isnan(s.geometric_interval([]).value)


def test_pairing_removes_what_seeds_share():
    seeds = np.array([1.0, 10.0, 100.0])
    ratio = s.paired_ratio(seeds * [2.0, 2.1, 1.9], seeds)
    assert ratio.low > 1.7
    assert ratio.high < 2.4
    assert s.paired_difference(seeds + 1, seeds).value == pytest.approx(1)
