"""Peak memory of an engine, as the benchmark stage measures it."""

from __future__ import annotations

import numpy as np

from perbatch.backprop.engines import ENGINES, Engine
from perbatch.backprop.mode import update_mode
from perbatch.timing.memory import peak_bytes
from problem import EXAMPLES, LEARNING_RATE, Problem


def peak_kilobytes(engine: str, problem: Problem) -> float:
    """Return the peak while an engine is made and visits all examples, without data and parameters."""
    mode = update_mode(EXAMPLES, problem.batch_size, LEARNING_RATE, 1, None, None)
    theta, examples = problem.theta, problem.examples

    def make() -> Engine:
        return ENGINES[engine](problem.network, theta.copy(), examples, mode)

    return peak_bytes(make, np.arange(EXAMPLES)) / 1e3
