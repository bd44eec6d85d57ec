"""A fully connected network: its shape, its parameters as one vector, its outputs, loss and gradients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from perbatch.backprop.activations import ACTIVATIONS
from perbatch.backprop.checks import one_of, whole_number
from perbatch.backprop.examples import encode, encode_inputs
from perbatch.backprop.losses import LOSSES
from perbatch.backprop.propagation import Propagation

_quiet = np.errstate(all="ignore")  # parameters of a diverged run give non-finite numbers, not warnings


@dataclass(frozen=True, init=False)
class Network:
    """A fully connected network of layer sizes (inputs, hidden ..., outputs); immutable, without parameters.

    Those are one vector `theta` of `n_parameters` numbers: for each layer W (fan_in, fan_out) row by row,
    then its biases if there are any. Raises ValueError for a shape or name that is not allowed.
    """

    sizes: tuple[int, ...]
    activation: str
    loss_name: str
    bias: bool
    dtype: np.dtype
    output: str

    def __init__(
        self,
        sizes: Sequence[int],
        activation: str = "relu",
        loss: str = "cross_entropy",
        bias: bool = True,
        dtype: DTypeLike = "float64",
        output: str = "linear",
    ) -> None:
        """Keep the settings; `loss` is kept as `loss_name`."""

        def keep(name: str, value: object) -> None:
            object.__setattr__(self, name, value)

        keep("sizes", tuple(whole_number("each of sizes", size, 1) for size in sizes))
        keep("activation", one_of("activation", activation, ACTIVATIONS))
        keep("loss_name", one_of("loss", loss, LOSSES))
        keep("bias", bool(bias))
        keep("dtype", np.dtype(one_of("dtype", _dtype_name(dtype), ("float64", "float32"))))
        keep("output", one_of("output", output, ("linear", "sigmoid")))
        if len(self.sizes) < 2:
            raise ValueError(f"sizes must name at least the inputs and the outputs, not {self.sizes}.")
        if loss == "cross_entropy" and self.sizes[-1] < 2:
            raise ValueError("cross_entropy needs at least 2 outputs, not 1.")
        if loss == "cross_entropy" and output != "linear":
            raise ValueError(
                "output must be linear with cross_entropy, which has its own softmax, not sigmoid."
            )

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """Shape (fan_in [+ 1], fan_out) of each layer's weights, with the biases as last row."""
        return [
            (rows + self.bias, columns) for rows, columns in zip(self.sizes, self.sizes[1:], strict=False)
        ]

    @property
    def n_parameters(self) -> int:
        """How many numbers theta has, N."""
        return sum(rows * columns for rows, columns in self.shapes)

    def init(self, rng: np.random.Generator) -> np.ndarray:
        """Draw theta: He's normal for relu (2015), else Glorot's uniform (2010); the biases are zero."""
        theta = np.zeros(self.n_parameters, self.dtype)
        for weights, _ in self.unpack(theta):
            fan_in, fan_out = weights.shape
            if self.activation == "relu":
                weights[...] = rng.normal(0.0, np.sqrt(2.0 / fan_in), weights.shape)
            else:
                limit = np.sqrt(6.0 / (fan_in + fan_out))
                weights[...] = rng.uniform(-limit, limit, weights.shape)
        return theta

    def unpack(self, theta: np.ndarray) -> list[tuple[np.ndarray, np.ndarray | None]]:
        """Return [(W, b or None), ...], views into theta; W has shape (fan_in, fan_out)."""
        return [(m[:-1], m[-1]) if self.bias else (m, None) for m in self.matrices(theta)]

    def matrices(self, theta: np.ndarray) -> list[np.ndarray]:
        """Return each layer's weights with its biases as last row, views into theta."""
        self._check_length(theta)
        views, start = [], 0
        for rows, columns in self.shapes:
            views.append(theta[start : start + rows * columns].reshape(rows, columns))
            start += rows * columns
        return views

    @_quiet
    def predict(self, theta: np.ndarray, X: np.ndarray) -> np.ndarray:
        """Return the outputs (n, k) for X (n, fan_in); with cross-entropy these are the logits."""
        inputs = encode_inputs(self, X)
        passes = Propagation(
            self, self.parameters(theta), np.empty(self.n_parameters, self.dtype), len(inputs)
        )
        passes.forward(inputs)
        return passes.outputs

    @_quiet
    def losses(self, theta: np.ndarray, X: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the loss of each example, shape (M,)."""
        examples = encode(self, X, y)
        passes = Propagation(
            self, self.parameters(theta), np.empty(self.n_parameters, self.dtype), len(examples)
        )
        passes.forward(examples.inputs)
        return passes.loss.losses(examples.targets(slice(None)))

    def loss(self, theta: np.ndarray, X: np.ndarray, y: np.ndarray) -> float:
        """Return the mean loss of the batch."""
        return float(self.losses(theta, X, y).mean())

    @_quiet
    def gradient(self, theta: np.ndarray, X: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the gradient of the batch's mean loss, all N partial derivatives as one vector."""
        examples = encode(self, X, y)
        gradient = np.empty(self.n_parameters, self.dtype)
        passes = Propagation(self, self.parameters(theta), gradient, len(examples))
        passes.forward(examples.inputs)
        passes.backward(
            examples.inputs.T, examples.targets(slice(None)), np.array(1.0 / len(examples), self.dtype)
        )
        return gradient

    @_quiet
    def per_example_gradients(self, theta: np.ndarray, X: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the gradient of each example's own loss, shape (M, N)."""
        examples = encode(self, X, y)
        passes = Propagation(
            self, self.parameters(theta), np.empty(self.n_parameters, self.dtype), len(examples)
        )
        passes.forward(examples.inputs)
        last = passes.backward(examples.inputs.T, examples.targets(slice(None)), np.ones((), self.dtype))
        inputs = [examples.inputs, *passes.inputs]
        layers = zip(inputs, [*passes.deltas, last], strict=True)
        return np.hstack(
            [np.einsum("mi,mj->mij", a, delta).reshape(len(examples), -1) for a, delta in layers]
        )

    def parameters(self, theta: np.ndarray) -> np.ndarray:
        """Return theta as a contiguous vector of the network's precision, copied only where needed."""
        self._check_length(np.asarray(theta))
        return np.ascontiguousarray(theta, self.dtype)

    def _check_length(self, theta: np.ndarray) -> None:
        if theta.shape != (self.n_parameters,):
            raise ValueError(f"theta must have shape ({self.n_parameters},), not {theta.shape}.")


def _dtype_name(dtype: DTypeLike) -> str:
    try:
        return np.dtype(dtype).name
    except TypeError:
        return str(dtype)
