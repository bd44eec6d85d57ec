"""perbatch's engines, and the products alone that any implementation on NumPy must do."""

from __future__ import annotations

import numpy as np

from perbatch.backprop.engines import ENGINES
from perbatch.backprop.mode import update_mode
from problem import EXAMPLES, LEARNING_RATE, Loop, Problem


def engine(name: str, problem: Problem) -> Loop:
    """One of perbatch's engines, an epoch a call."""
    mode = update_mode(EXAMPLES, problem.batch_size, LEARNING_RATE, 1, None, None)
    machine = ENGINES[name](problem.network, problem.theta.copy(), problem.examples, mode)

    def epochs(orders: list[np.ndarray]) -> None:
        for order in orders:
            machine.advance(order)

    return Loop(epochs, lambda: machine.theta)


def products(problem: Problem) -> Loop:
    """The matrix products of the passes into arrays made beforehand; nothing else, so it learns nothing."""
    weights = [w for w, _ in problem.layers(problem.theta)]
    sizes = [problem.batch_size] * (EXAMPLES // problem.batch_size)
    short = EXAMPLES % problem.batch_size
    buffers = {m: _Buffers(problem, m) for m in {problem.batch_size, short} - {0}}
    steps = [buffers[m] for m in [*sizes, short] if m]

    def epochs(orders: list[np.ndarray]) -> None:
        for _ in orders:
            for step in steps:
                step.multiply(weights)

    return Loop(epochs, lambda: problem.theta)


class _Buffers:
    def __init__(self, problem: Problem, examples: int) -> None:
        rng = np.random.default_rng(0)

        def matrices() -> list[np.ndarray]:
            return [rng.normal(size=(examples, n)).astype(np.float32) for n in problem.sizes]

        self._values, self._deltas = matrices(), matrices()
        self._gradients = [np.empty_like(w) for w, _ in problem.layers(problem.theta)]

    def multiply(self, weights: list[np.ndarray]) -> None:
        values, deltas = self._values, self._deltas
        for layer, w in enumerate(weights):
            np.dot(values[layer], w, out=values[layer + 1])
        for layer in range(len(weights) - 1, -1, -1):
            np.dot(values[layer].T, deltas[layer + 1], out=self._gradients[layer])
            if layer:
                np.dot(deltas[layer + 1], weights[layer].T, out=deltas[layer])
