"""What becomes of one condition: five outcomes that do not overlap, and how sure a failing one is."""

import math
from enum import StrEnum

import numpy as np

from perbatch.analysis.statistics import GEOMETRIC, one_sided
from perbatch.claims.claim import Condition
from perbatch.claims.reading import Reading


class Outcome(StrEnum):
    """What a condition's interval says, in the order in which it is asked."""

    HOLDS = "holds"
    BARELY = "holds, by less than matters"
    FAILS = "fails"
    NO_DIFFERENCE = "no difference worth speaking of"
    UNDECIDED = "undecided"

    @property
    def holds(self) -> bool | None:
        """Whether the condition holds; None where that cannot be said. One that names a direction fails
        where there is no difference.
        """
        if self in (Outcome.HOLDS, Outcome.BARELY):
            return True
        return None if self == Outcome.UNDECIDED else False


def outcome(reading: Reading, condition: Condition) -> Outcome:
    """Hold the 95 % interval against the bounds.

    All of it within the bounds holds, by less than matters if all of it lies at most a margin from the bound.
    All of it outside fails. Where the bound is no effect, and all of it lies at most a margin from that,
    there is no difference worth speaking of. Everything else is undecided.
    """
    if not reading.usable:
        return Outcome.UNDECIDED
    near = _near_the_bound(reading, condition)
    if condition.low <= reading.low and reading.high <= condition.high:
        return Outcome.BARELY if near else Outcome.HOLDS
    if reading.high < condition.low or reading.low > condition.high:
        return Outcome.FAILS
    if near and condition.only_bound == no_effect(reading):
        return Outcome.NO_DIFFERENCE
    return Outcome.UNDECIDED


def no_effect(reading: Reading) -> float:
    """Return the value that means no effect: 1 for a ratio, 0 for a difference."""
    return 1.0 if reading.kind == GEOMETRIC else 0.0


def p_value(reading: Reading, condition: Condition) -> float:
    """Return how probable data like these are where the condition does not fail, in the way that it does.

    Two-sided, so that it is below 0.05 just where the 95 % interval says the same. An extreme or a measured
    range has no such probability: 0 where it fails, as it is taken at its word. 1 where the condition does
    not fail.
    """
    found = outcome(reading, condition)
    if found.holds is not False:
        return 1.0
    sample = np.array(reading.sample)
    if len(sample) < 2 or sample.std() == 0:
        return 0.0
    if found == Outcome.FAILS:
        above = reading.low > condition.high
        bound = condition.high if above else condition.low
        beyond = one_sided(sample, _on_scale(reading, bound), above)
        return min(1.0, 2 * beyond * reading.among)
    low, high = (_on_scale(reading, end) for end in _around(reading, condition))
    return 2 * max(one_sided(sample, low, above=True), one_sided(sample, high, above=False))


def _near_the_bound(reading: Reading, condition: Condition) -> bool:
    if condition.margin is None or condition.only_bound is None:
        return False
    low, high = _around(reading, condition)
    return low <= reading.low and reading.high <= high


def _around(reading: Reading, condition: Condition) -> tuple[float, float]:
    """The bound less and plus the margin; of a ratio over and times 1 + margin."""
    bound, margin = condition.only_bound, condition.margin
    assert bound is not None
    assert margin is not None
    if reading.kind == GEOMETRIC:
        return bound / (1 + margin), bound * (1 + margin)
    return bound - margin, bound + margin


def _on_scale(reading: Reading, value: float) -> float:
    return math.log(value) if reading.kind == GEOMETRIC else value
