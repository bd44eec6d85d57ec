"""What is timed: engines that visit a synthetic epoch, each time with the same parameters."""

from dataclasses import dataclass

import numpy as np

from perbatch.backprop import generators
from perbatch.backprop.engines import ENGINES, Engine
from perbatch.backprop.examples import Examples, encode
from perbatch.backprop.mode import update_mode
from perbatch.timing.settings import Settings, TimedNetwork

EPOCH = 1000  # examples of the synthetic set, unless a batch needs more
SEED = 0
STILL = 1e-9  # a learning rate at which theta stays what it is, so that every repeat does the same work
EASY = 1e9  # a tolerance that every batch meets at its first check, so that no gradient follows


@dataclass(frozen=True)
class Case:
    """One row of the table; `micro_batch_size` None is without accumulation."""

    network: TimedNetwork
    engine: str
    dtype: str
    batch_size: int
    micro_batch_size: int | None


def cases(settings: Settings) -> list[Case]:
    """List the rows in the table's order. A batch is accumulated if it holds two whole micro-batches."""
    return [
        Case(network, engine, dtype, size, chunk)
        for network in settings.networks
        for engine in settings.engine
        for dtype in settings.dtype
        for size in sorted(settings.batch_size)
        for chunk in (None, *sorted(settings.micro_batch_size))
        if chunk is None or size >= 2 * chunk
    ]


class Workload:
    """A network, its parameters and its examples for one precision.

    Inputs are uniform on [0, 1] like pixels. Labels are drawn at random, one class an output; where there is
    one output, it is numbers that are learned.
    """

    def __init__(self, timed: TimedNetwork, dtype: str, largest: int) -> None:
        """Draw theta and enough examples for the largest batch."""
        drawing = generators(SEED)[0]
        self.network = timed.network(dtype)
        self.theta = self.network.init(drawing)
        self.examples = self._drawn(drawing, max(EPOCH, largest))

    def epoch(self, batch_size: int) -> np.ndarray:
        """Return the examples' indices, as far as they fill whole batches."""
        n = len(self.examples)
        return np.arange(n - n % batch_size)

    def updating(self, case: Case) -> Engine:
        """Make an engine that does one gradient evaluation an example, and one update a batch."""
        return self._engine(case, tolerance=None)

    def checking(self, case: Case) -> Engine:
        """Make an engine that does one forward evaluation an example, and skips every batch as satisfied."""
        return self._engine(case, tolerance=EASY)

    def _engine(self, case: Case, tolerance: float | None) -> Engine:
        n = len(self.examples)
        mode = update_mode(n, case.batch_size, STILL, 1, tolerance, case.micro_batch_size)
        return ENGINES[case.engine](self.network, self.theta.copy(), self.examples, mode)

    def _drawn(self, rng: np.random.Generator, n: int) -> Examples:
        sizes = self.network.sizes
        X = rng.uniform(size=(n, sizes[0]))
        targets = rng.uniform(size=n) if sizes[-1] == 1 else rng.integers(0, sizes[-1], n)
        return encode(self.network, X, targets)
