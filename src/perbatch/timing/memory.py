"""Peak memory of the training loop, as Python's and NumPy's allocations show it."""

import tracemalloc
from collections.abc import Callable

import numpy as np

from perbatch.backprop.engines import Engine


def peak_bytes(make: Callable[[], Engine], indices: np.ndarray) -> int:
    """Return the most memory in use at once while an engine is made and advances over `indices`.

    The data and the indices are there before, so they do not count. Neither do the engine's own theta and
    what a first use leaves behind for good, such as compiled code.
    """
    make().advance(indices)
    tracemalloc.start()
    try:
        engine = make()
        engine.advance(indices)
        return tracemalloc.get_traced_memory()[1] - engine.theta.nbytes
    finally:
        tracemalloc.stop()
