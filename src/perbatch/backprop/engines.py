"""Engines by name. An engine is made once a run and does the updates of a segment of an epoch at a time."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Protocol

import numpy as np

from perbatch.backprop.examples import Examples
from perbatch.backprop.mode import UpdateMode
from perbatch.backprop.network import Network
from perbatch.backprop.numpy_engine import NumpyEngine


class Evaluator(Protocol):
    """What an engine measures its `theta` with; `NumpyEvaluator` is the reference."""

    losses: np.ndarray

    def measure(self, upcoming: np.ndarray) -> dict[str, float]:
        """Return the columns of the history that are measured; `upcoming` is the next batch."""


class Engine(Protocol):
    """What `train` asks of an engine, which updates `theta` in place; `NumpyEngine` is the reference."""

    theta: np.ndarray
    satisfied: np.ndarray

    @property
    def updates(self) -> int:
        """How many updates there were."""

    @property
    def gradient_evaluations(self) -> int:
        """How many gradients of an example were computed."""

    @property
    def forward_evaluations(self) -> int:
        """How many examples were passed forward without a gradient that follows."""

    def advance(self, indices: np.ndarray) -> None:
        """Visit the given examples in batches, of which only the last may be short."""

    def evaluator(self, held_out: Examples | None) -> Evaluator:
        """Return what measures `theta` on the training examples and on those."""


def _compiled(network: Network, theta: np.ndarray, examples: Examples, mode: UpdateMode) -> Engine:
    if reason := unusable("compiled"):
        raise RuntimeError(reason)
    # Numba takes half a second to import, which only those who ask for this engine should wait.
    from perbatch.backprop.compiled_engine import CompiledEngine

    return CompiledEngine(network, theta, examples, mode)


ENGINES: dict[str, Callable[[Network, np.ndarray, Examples, UpdateMode], Engine]] = {
    "numpy": NumpyEngine,
    "compiled": _compiled,
}


def unusable(name: str) -> str | None:
    """Return why an engine cannot be used in this process's environment, None where it can."""
    off = os.environ.get("NUMBA_DISABLE_JIT", "0")
    if name == "compiled" and off.strip() not in ("", "0"):
        return f"NUMBA_DISABLE_JIT={off} turns Numba's compiler off: unset it, or take the engine numpy"
    return None
