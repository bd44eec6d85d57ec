"""Activation functions by name, each with its slope. They work in place on preallocated arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Array = np.ndarray


class Activation(NamedTuple):
    """`apply(z, h)` does h = f(z); `times_slope(h, scratch, delta)` does delta *= f'(z), given h."""

    apply: Callable[[Array, Array], object]
    times_slope: Callable[[Array, Array, Array], object]


def _relu(z: Array, h: Array) -> None:
    np.maximum(z, 0.0, out=h)


def _relu_slope(h: Array, scratch: Array, delta: Array) -> None:
    np.sign(h, scratch)  # 1 where the unit is active, 0 elsewhere, without a cast from bool
    np.multiply(delta, scratch, delta)


def _tanh_slope(h: Array, scratch: Array, delta: Array) -> None:
    np.multiply(h, h, scratch)
    np.subtract(1.0, scratch, scratch)
    np.multiply(delta, scratch, delta)


def _sigmoid(z: Array, h: Array) -> None:
    np.multiply(z, 0.5, h)  # 1 / (1 + exp(-z)) = (1 + tanh(z / 2)) / 2, which cannot overflow
    np.tanh(h, h)
    np.add(h, 1.0, h)
    np.multiply(h, 0.5, h)


def _sigmoid_slope(h: Array, scratch: Array, delta: Array) -> None:
    np.subtract(1.0, h, scratch)
    np.multiply(h, scratch, scratch)
    np.multiply(delta, scratch, delta)


def _identity(z: Array, h: Array) -> None:
    np.copyto(h, z)


def _identity_slope(h: Array, scratch: Array, delta: Array) -> None:
    pass


ACTIVATIONS: dict[str, Activation] = {
    "relu": Activation(_relu, _relu_slope),
    "tanh": Activation(np.tanh, _tanh_slope),
    "sigmoid": Activation(_sigmoid, _sigmoid_slope),
    "identity": Activation(_identity, _identity_slope),
}
