"""What every peer computes: the same network, start, examples and order of examples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from perbatch.backprop import Network, generators
from perbatch.backprop.examples import Examples, encode

EXAMPLES = 1000
NETWORKS = ((64, 32, 10), (784, 128, 26))
BATCH_SIZES = (1, 8, 32, 128, EXAMPLES)
LEARNING_RATE = 0.05


@dataclass(frozen=True)
class Problem:
    """A network of relu units with softmax and cross-entropy in float32, and 1,000 random examples.

    Inputs are uniform, none of them zero, and about as long as a vector of length one; labels are random.
    """

    sizes: tuple[int, ...]
    batch_size: int

    @cached_property
    def network(self) -> Network:
        """The network."""
        return Network(self.sizes, "relu", "cross_entropy", dtype="float32")

    @cached_property
    def theta(self) -> np.ndarray:
        """The parameters at the start."""
        return self.network.init(generators(0)[0])

    @cached_property
    def inputs(self) -> np.ndarray:
        """Inputs (n, features)."""
        longest = 2 / np.sqrt(self.sizes[0])
        return np.random.default_rng(0).uniform(0, longest, (EXAMPLES, self.sizes[0])).astype(np.float32)

    @cached_property
    def labels(self) -> np.ndarray:
        """Labels (n,)."""
        return np.random.default_rng(1).integers(0, self.sizes[-1], EXAMPLES)

    @cached_property
    def examples(self) -> Examples:
        """The examples as the engines take them."""
        return encode(self.network, self.inputs, self.labels)

    def layers(self, theta: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """The weights (fan_in, fan_out) and biases of each layer, as copies."""
        return [(w.copy(), b.copy()) for w, b in self.network.unpack(theta) if b is not None]

    def loss(self, theta: np.ndarray) -> float:
        """The mean loss over all examples, in float64."""
        exact = Network(self.sizes, "relu", "cross_entropy")
        return exact.loss(theta.astype(np.float64), self.inputs, self.labels)


@dataclass(frozen=True)
class Loop:
    """A way to train: `epochs` visits the examples in each of the orders, `theta` reads what was learned."""

    epochs: Callable[[list[np.ndarray]], object]
    theta: Callable[[], np.ndarray]


def flat(layers: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Return weights (fan_in, fan_out) and biases as one vector."""
    return np.concatenate([np.concatenate([np.ravel(w), np.ravel(b)]) for w, b in layers])


def batches(order: np.ndarray, size: int) -> list[np.ndarray]:
    """Cut an order of examples; the last batch may be short."""
    return [order[start : start + size] for start in range(0, len(order), size)]
