import math

import numpy as np
import pytest
from scipy import stats

from perbatch.analysis import statistics as s


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


def test_median_of_ten_has_an_exact_interval_that_may_be_open():
    estimate = s.median_interval([1, 2, 3, 4, 5, 6, 7, 8, np.inf, np.inf])
    assert (estimate.value, estimate.low, estimate.high) == (5.5, 2, np.inf)
    assert estimate.kind == s.ORDER
    none = s.median_interval([9, *[np.inf] * 9])
    assert math.isnan(none.value)
    assert (none.low, none.kind) == (pytest.approx(math.nan, nan_ok=True), s.MEDIAN)
    late = s.median_interval([1, 2, 3, *[np.inf] * 7])
    assert math.isnan(late.value)  # the middle seed did not get there, but the interval starts at a number
    assert (late.low, late.high) == (2, np.inf)


def test_five_values_are_too_few_for_an_interval_without_a_model():
    assert not s.median_interval([1, 2, 3, 4, 5]).has_interval
    assert s.median_interval([1, 2, 3, 4, 5, 6]).has_interval


def test_median_interval_covers_at_least_as_often_as_it_says():
    rng = np.random.default_rng(1)
    samples = rng.exponential(size=(2000, 10))
    samples[samples > 1.0] = np.inf  # censored well above the median
    covers = [e.low <= np.log(2) <= e.high for e in map(s.median_interval, samples)]
    assert 0.97 < np.mean(covers) < 0.99  # 97.9 % by its binomial distribution


def test_share_has_an_exact_interval():
    assert s.share_interval(10, 10).low == pytest.approx(0.025 ** (1 / 10))
    assert s.share_interval(0, 10).high == pytest.approx(1 - 0.025 ** (1 / 10))
    assert math.isnan(s.share_interval(0, 0).value)


def test_spread_covers_as_often_as_it_says():
    rng = np.random.default_rng(2)
    covers = [e.low <= 3 <= e.high for e in map(s.spread_interval, rng.normal(0, 3, size=(1000, 10)))]
    assert 0.93 < np.mean(covers) < 0.97
    assert math.isnan(s.spread_interval([0.1, np.inf]).value)
    assert s.spread_interval([0.1]).kind == s.SINGLE


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


TEN = np.arange(1.0, 11.0)


def test_unreached_seeds_stay_in_the_ratio():
    few = np.where(TEN > 8, np.inf, TEN)
    ratio = s.paired_ratio(2 * few, TEN)
    assert (ratio.value, ratio.low, ratio.high, ratio.n) == (2, 2, np.inf, 10)
    assert ratio.kind == s.PAIRED_MEDIAN
    assert s.paired_ratio(TEN, 2 * few).low == 0


def test_where_neither_got_there_the_ratio_may_be_anything():
    """Dropping the four seeds that nobody reached would show a factor of 2 with certainty."""
    few = np.where(TEN > 6, np.inf, TEN)
    ratio = s.paired_ratio(2 * few, few)
    assert (ratio.low, ratio.high) == (0, np.inf)
    assert ratio.value == 2 or math.isnan(ratio.value)


def test_probability_of_improvement_counts_ties_half_and_is_exact():
    better = s.probability_of_improvement(TEN, TEN + 1)
    assert (better.value, better.low, better.high) == (1, pytest.approx(0.025**0.1), 1)
    tied = s.probability_of_improvement([*TEN[:8], np.inf, np.inf], [*TEN[:8] + 1, np.inf, np.inf])
    assert tied.value == 0.9
    assert tied.low == pytest.approx(s.share_interval(8, 10).low)
    assert tied.high == 1


def test_diverged_on_one_side_moves_the_difference_to_the_other():
    score = np.full(10, 0.9)
    lost = np.where(TEN > 7, -np.inf, score)
    assert (s.paired_difference(score, lost).low, s.paired_difference(score, lost).high) == (0, np.inf)
    assert (s.paired_difference(lost, score).low, s.paired_difference(lost, score).high) == (-np.inf, 0)
