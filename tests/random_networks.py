"""Networks of any kind, and data that fit them."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from perbatch.backprop import Network


@st.composite
def networks(draw: Any) -> Network:
    loss = draw(st.sampled_from(["cross_entropy", "squared_error"]))
    outputs = draw(st.integers(2 if loss == "cross_entropy" else 1, 20))
    return Network(
        (draw(st.integers(1, 40)), *draw(st.lists(st.integers(1, 70), max_size=3)), outputs),
        draw(st.sampled_from(["relu", "tanh", "sigmoid", "identity"])),
        loss,
        draw(st.booleans()),
        output=draw(st.sampled_from(["linear", "sigmoid"])) if loss == "squared_error" else "linear",
    )


def data(network: Network, examples: int, *, labels: bool) -> tuple[np.ndarray, np.ndarray]:
    """Inputs of which some are zero, as in pictures, and targets that the loss takes."""
    rng = np.random.default_rng(examples)
    X = rng.normal(size=(examples, network.sizes[0]))
    X[rng.random(X.shape) < 0.3] = 0.0
    if network.loss_name == "cross_entropy" or (labels and network.sizes[-1] > 1):
        return X, rng.integers(0, network.sizes[-1], examples)
    return X, rng.uniform(0, 1, (examples, network.sizes[-1]))
