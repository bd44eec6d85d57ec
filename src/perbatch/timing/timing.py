"""Interleaved timings: every repeat times everything once, in an order of its own.

So a machine that slows down for a while slows all alike, and medians of different batch sizes compare.
"""

import gc
import logging
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import process_time

import numpy as np

from perbatch.backprop.engines import Engine

SHORTEST = 3e-3  # seconds of work in one timing: far above the clock's resolution and a call's overhead
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Timed:
    """Something to time: `make` gives an engine; it visits the examples of `epoch`, all in whole batches."""

    make: Callable[[], Engine]
    epoch: np.ndarray
    batch_size: int

    def seconds(self, epochs: int, ordering: np.random.Generator) -> float:
        """Time a new engine over so many epochs, each in an order of its own.

        A new engine each time, since where its buffers happen to lie changes its speed by some percent. The
        clock is the process's own: what other processes take meanwhile does not count.
        """
        orders = [ordering.permutation(self.epoch) for _ in range(epochs)]
        engine = self.make()
        engine.advance(self.epoch[: self.batch_size])  # buffers are touched and compiled code is loaded
        began = process_time()
        for indices in orders:
            engine.advance(indices)
        return process_time() - began


def interleaved(work: Sequence[Timed], repeats: int, seed: int) -> np.ndarray:
    """Return microseconds per example and visit, shape (repeats, len(work))."""
    microseconds = np.empty((repeats, len(work)))
    ordering = np.random.default_rng(seed)
    with _undisturbed():
        once = [min(timed.seconds(1, ordering) for _ in range(3)) for timed in work]
        epochs = [math.ceil(SHORTEST / seconds) for seconds in once]
        expected = repeats * float(np.dot(once, epochs))
        _log.info("%d timings, %d times each: about %.0f s", len(work), repeats, expected)
        for row in microseconds:
            gc.collect()
            for i in ordering.permutation(len(work)):
                row[i] = work[i].seconds(epochs[i], ordering) * 1e6 / (epochs[i] * len(work[i].epoch))
    return microseconds


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep the garbage collector from running inside a timing; NumPy's warnings are off as in `train`."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        if enabled:
            gc.enable()
