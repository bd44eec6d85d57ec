"""Engines by name. An engine is made once a run and does the updates of a segment of an epoch at a time."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from perbatch.backprop.examples import Examples
from perbatch.backprop.mode import UpdateMode
from perbatch.backprop.network import Network
from perbatch.backprop.numpy_engine import NumpyEngine


class Engine(Protocol):
    """What `train` asks of an engine; `NumpyEngine` is the reference."""

    theta: np.ndarray
    satisfied: np.ndarray
    updates: int
    gradient_evaluations: int
    forward_evaluations: int

    def __init__(self, network: Network, theta: np.ndarray, examples: Examples, mode: UpdateMode) -> None:
        """Make every buffer; `theta` is updated in place."""

    def advance(self, indices: np.ndarray) -> None:
        """Visit the given examples in batches, of which only the last may be short."""


ENGINES: dict[str, type[Engine]] = {"numpy": NumpyEngine}
