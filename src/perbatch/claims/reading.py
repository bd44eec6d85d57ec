"""What a quantity was found to be: a value with the interval that other seeds would leave it in."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from perbatch.analysis.statistics import Estimate


@dataclass(frozen=True)
class Reading(Estimate):
    """An estimate (its interval the value itself where it has none to have), and what stands against it.

    A `reservation` (a target not reached, a best rate at the edge of its grid, too few seeds) leaves every
    condition on the reading undecided. `among`: it is the largest of so many, and its lower end allows for
    that.
    """

    reservation: str = ""
    among: int = 1

    @property
    def usable(self) -> bool:
        """Whether the reading can be held against bounds."""
        return not self.reservation and math.isfinite(self.value) and self.has_interval


def estimated(estimate: Estimate, *reservations: str) -> Reading:
    """Return the reading of an estimate over seeds; one without an interval decides nothing."""
    lacking = "" if estimate.has_interval else f"there is no interval ({estimate.kind})"
    return Reading(**vars(estimate), reservation=joined([*reservations, lacking]))


def joined(reservations: Iterable[str]) -> str:
    """Return several reservations as one, each once; empty ones are none."""
    return "; ".join(dict.fromkeys(filter(None, reservations)))


def exact(value: float, n: int, kind: str) -> Reading:
    """Return the reading of a value that is the same for every seed's sake: an extreme over all of them."""
    return Reading(value, value, value, n, kind)
