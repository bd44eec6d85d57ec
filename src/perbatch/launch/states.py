"""What becomes of a run that is handed out: one function from what was seen of its job to what is next."""

from enum import Enum, auto
from typing import NamedTuple


class State(Enum):
    """Where a run stands in its sweep."""

    WAITING = auto()
    RUNNING = auto()
    SUSPECT = auto()
    """Its worker died while it was trained; it goes out once more, alone."""
    GONE = auto()
    """Nothing more is to come: it is complete, or failed."""


class Seen(Enum):
    """What is seen of a run once its job is over."""

    ENDED = auto()
    """Its folder says how."""
    NOT_BEGUN = auto()
    """Its job had no time for it, or died at another run."""
    DIED = auto()
    """Its worker died during it."""
    OTHER = auto()
    """Its job was done and it is not complete."""


class Standing(NamedTuple):
    """A run's state, and how many workers died during it."""

    state: State = State.WAITING
    deaths: int = 0


def after(standing: Standing, seen: Seen, tries: int) -> Standing:
    """Return how a run stands after its job; one that took `tries` workers down is gone."""
    if seen is Seen.NOT_BEGUN:
        return Standing(State.WAITING if standing.deaths == 0 else State.SUSPECT, standing.deaths)
    if seen is not Seen.DIED:
        return Standing(State.GONE, standing.deaths)
    deaths = standing.deaths + 1
    return Standing(State.SUSPECT if deaths < tries else State.GONE, deaths)
