from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from perbatch.backprop import Network

Problem = tuple[Network, np.ndarray, np.ndarray, np.ndarray]
MakeProblem = Callable[..., Problem]


@pytest.fixture
def problem() -> MakeProblem:
    """Makes (network, theta, X, y) of `examples` random examples; keywords go to Network."""

    def make(examples: int = 20, sizes: tuple[int, ...] = (4, 5, 3), **settings: Any) -> Problem:
        rng = np.random.default_rng(0)
        network = Network(sizes, **settings)
        X = rng.normal(size=(examples, sizes[0]))
        if network.loss_name == "cross_entropy":
            return network, network.init(rng), X, rng.integers(0, sizes[-1], examples)
        return network, network.init(rng), X, rng.uniform(0, 1, (examples, sizes[-1]))

    return make
