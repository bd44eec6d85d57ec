"""Loops checked against each other, then timed in turns."""

from __future__ import annotations

import gc
import math
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from problem import EXAMPLES, Loop, Problem

SHORTEST = 0.01  # seconds of work in one timing
CHECKED = 200  # updates at least after which all must have the same loss
Key = tuple[str, str]


@dataclass(frozen=True)
class Measured:
    """Milliseconds an epoch of every loop, (repeats,) each."""

    problem: Problem
    milliseconds: dict[Key, np.ndarray]

    def best(self, peer: str) -> Key:
        """Name the peer's loop with the least median."""
        ways = [key for key in self.milliseconds if key[0] == peer]
        return min(ways, key=lambda key: float(np.median(self.milliseconds[key])))

    def ratio(self, peer: str, ours: str) -> np.ndarray:
        """The peer's time over ours, repeat by repeat."""
        return self.milliseconds[self.best(peer)] / self.milliseconds[self.best(ours)]


def check(problem: Problem, loops: dict[Key, Loop]) -> None:
    """Train all from the same start in the same orders; raise an AssertionError unless their losses agree."""
    orders = _orders(math.ceil(CHECKED * problem.batch_size / EXAMPLES), np.random.default_rng(3))
    start = problem.loss(problem.theta)
    losses = {}
    for key, loop in loops.items():
        loop.epochs(orders)
        if key[0] != "products alone":
            losses[key] = problem.loss(loop.theta())
    expected = losses["perbatch, numpy", "advance"]
    assert abs(expected - start) > 1e-3 * start, "nothing was learned"
    for key, loss in losses.items():
        assert abs(loss - expected) < 1e-3 * abs(expected - start), (key, loss, expected)


def interleaved(loops: dict[Key, Loop], repeats: int) -> dict[Key, np.ndarray]:
    """Time every loop once a repeat, in an order drawn anew; milliseconds an epoch."""
    drawing = np.random.default_rng(4)
    epochs = {key: math.ceil(SHORTEST / _seconds(loop, 1, drawing)) for key, loop in loops.items()}
    for key, loop in loops.items():  # compiled for this number of epochs
        _seconds(loop, epochs[key], drawing)
    times: dict[Key, list[float]] = {key: [] for key in loops}
    for _ in range(repeats):
        gc.collect()
        gc.disable()
        for i in drawing.permutation(len(loops)):
            key = list(loops)[i]
            times[key].append(1e3 * _seconds(loops[key], epochs[key], drawing) / epochs[key])
        gc.enable()
    return {key: np.array(each) for key, each in times.items()}


def _seconds(loop: Loop, epochs: int, drawing: np.random.Generator) -> float:
    orders = _orders(epochs, drawing)
    began = perf_counter()
    loop.epochs(orders)
    return perf_counter() - began


def _orders(epochs: int, drawing: np.random.Generator) -> list[np.ndarray]:
    return [drawing.permutation(EXAMPLES) for _ in range(epochs)]
