"""What becomes of one condition, and of several together: planted readings on either side of every bound."""

import math

import numpy as np
import pytest

from perbatch.analysis.statistics import Estimate, geometric_interval, holm, mean_interval
from perbatch.claims.claim import Condition
from perbatch.claims.outcomes import Outcome, outcome, p_value
from perbatch.claims.reading import Reading, estimated, exact
from perbatch.claims.scores import _of_every_pair

SPREAD = np.array([-1.0, -0.5, 0.0, 0.5, 1.0] * 6)


def condition(low: float = -math.inf, high: float = math.inf, margin: float | None = None) -> Condition:
    return Condition("it", "mean", {}, low, high, margin)


def around(centre: float, spread: float) -> Reading:
    """A mean of 30 seeds with an interval of 0.27 spreads to either side."""
    return estimated(mean_interval(centre + spread * SPREAD))


def ratio(centre: float, spread: float) -> Reading:
    return estimated(geometric_interval(centre * np.exp(spread * SPREAD)))


@pytest.mark.parametrize(
    ("reading", "asked", "told"),
    [
        (around(1.0, 0.1), condition(low=0.0), Outcome.HOLDS),
        (around(1.0, 0.1), condition(low=0.0, margin=0.5), Outcome.HOLDS),
        (around(0.2, 0.1), condition(low=0.0, margin=0.5), Outcome.BARELY),
        (around(-0.2, 0.1), condition(low=0.0, margin=0.5), Outcome.FAILS),
        (around(0.0, 0.1), condition(low=0.0, margin=0.5), Outcome.NO_DIFFERENCE),
        (around(0.0, 0.1), condition(high=0.0, margin=0.5), Outcome.NO_DIFFERENCE),
        (around(0.0, 0.1), condition(low=0.0, margin=0.01), Outcome.UNDECIDED),
        (around(0.0, 0.1), condition(low=0.0), Outcome.UNDECIDED),
        # a bound that is not no effect says nothing of a difference
        (around(2.0, 0.1), condition(low=2.0, margin=0.5), Outcome.UNDECIDED),
        (around(0.0, 0.1), condition(low=-1.0, high=1.0, margin=0.5), Outcome.HOLDS),
        (around(3.0, 0.1), condition(low=-1.0, high=1.0, margin=0.5), Outcome.FAILS),
        # for a ratio 1 is no effect, and the margin a share
        (ratio(1.0, 0.1), condition(low=1.0, margin=0.1), Outcome.NO_DIFFERENCE),
        (ratio(1.0, 0.5), condition(low=1.0, margin=0.1), Outcome.UNDECIDED),
        (ratio(2.0, 0.1), condition(low=1.0, margin=0.1), Outcome.HOLDS),
        (ratio(0.5, 0.1), condition(low=1.0, margin=0.1), Outcome.FAILS),
        (exact(0.5, 9, "largest of all"), condition(high=0.4), Outcome.FAILS),
        (exact(0.3, 9, "largest of all"), condition(high=0.4), Outcome.HOLDS),
        (estimated(mean_interval([1.0])), condition(low=0.0), Outcome.UNDECIDED),
        (
            estimated(mean_interval(1 + SPREAD / 9), "a target was missed"),
            condition(low=0),
            Outcome.UNDECIDED,
        ),
    ],
)
def test_an_interval_has_one_outcome(reading: Reading, asked: Condition, told: Outcome) -> None:
    assert outcome(reading, asked) == told


@pytest.mark.parametrize(
    "asked", [condition(low=0.0, margin=0.5), condition(high=0.0, margin=0.5), condition(low=-0.2, high=0.2)]
)
def test_a_p_value_is_below_five_per_cent_just_where_the_interval_fails(asked: Condition) -> None:
    for centre in np.linspace(-1.2, 1.2, 97):
        reading = around(float(centre), 1.0)
        assert (p_value(reading, asked) < 0.05) == (outcome(reading, asked).holds is False), centre


def test_many_conditions_need_more_than_one_alone() -> None:
    assert holm([0.04]) == [True]
    assert holm([0.04, 0.9]) == [False, False]
    assert holm([0.03, 0.01]) == [True, True]  # Holm: the second is asked at 0.05
    assert holm([0.03, 0.02, 0.9]) == [False, False, False]
    assert holm([0.016, 0.024, 0.9]) == [True, True, False]


def pair(centre: float, spread: float = 0.1) -> Estimate:
    return mean_interval(centre + spread * SPREAD)


def test_the_largest_of_several_differences_is_about_every_pair() -> None:
    found = _of_every_pair([pair(0.01), pair(-0.3, 1.0), pair(0.2)])
    assert found.value == pytest.approx(0.3)  # whichever way round
    assert found.high == pytest.approx(-pair(-0.3, 1.0).low)
    assert pair(0.2).low > found.low > 0.1  # that of the surest pair, allowing for three
    assert found.among == 3
    assert p_value(found, condition(high=0.05)) <= 1


def test_a_wide_pair_keeps_the_largest_from_being_small() -> None:
    narrow, wide = pair(0.05, 0.01), pair(0.0, 1.0)
    assert outcome(_of_every_pair([narrow]), condition(high=0.1)) == Outcome.HOLDS
    assert outcome(_of_every_pair([narrow, wide]), condition(high=0.1)) == Outcome.UNDECIDED
