"""What a search for learning rates was given: its interval and its budget, the same for all contenders."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

EDGE = 0.1
"""A chosen rate within this share of the interval from an end of it may have a better one beyond."""


@dataclass(frozen=True)
class Searched:
    """`trials` of each contender from `low` to `high`, evenly as numbers or as logarithms (`log`)."""

    sampler: str
    trials: int
    low: float
    high: float
    log: bool

    def edge(self, rate: float) -> str:
        """Return `low` or `high` where a rate is near that end of the interval, else nothing."""
        low, high, at = (math.log(each) if self.log else each for each in (self.low, self.high, rate))
        place = (at - low) / (high - low)
        return "low" if place <= EDGE else "high" if place >= 1 - EDGE else ""


def searched(search: Mapping[str, Any] | None) -> Searched | None:
    """Read the block `search` of a sweep's settings.json.

    None where there is none, or no interval of learning rates that all cells share: rates are then as those
    of a grid, told one by one.
    """
    ranges = [ranges.get("learning_rate") for _, ranges in search["space"]] if search else []
    if search is None or not ranges or any(each != ranges[0] for each in ranges):
        return None
    interval = ranges[0]
    if interval is None or "choices" in interval:
        return None
    return Searched(search["sampler"], search["trials"], **interval)
