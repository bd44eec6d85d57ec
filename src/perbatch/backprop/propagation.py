"""The forward and the backward pass over a fixed number of examples, with every array made once.

In `theta` a layer is W then b, which read as one matrix of shape (fan_in + 1, fan_out). So the biases are its
last row, met by a constant 1 at the end of every input, and neither pass handles them apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perbatch.backprop.activations import ACTIVATIONS
from perbatch.backprop.losses import LOSSES

if TYPE_CHECKING:
    from perbatch.backprop.network import Network


class Propagation:
    """Passes of `network` over M examples, reading `theta` and writing `gradient`, both flat vectors of N.

    `outputs` (M, k) holds the network's outputs, `loss` its loss. `inputs` and `deltas` hold, layer by layer,
    what leaves it and the derivative of the loss by its weighted sums, hidden layers only.
    """

    def __init__(self, network: Network, theta: np.ndarray, gradient: np.ndarray, examples: int) -> None:
        """Make every buffer and view, for M = `examples`."""

        def empty(columns: int) -> np.ndarray:
            return np.empty((examples, columns), network.dtype)

        weights, slopes = network.matrices(theta), network.matrices(gradient)
        hidden = network.sizes[1:-1]
        activation = ACTIVATIONS[network.activation]
        self.outputs = empty(network.sizes[-1])
        self.loss = LOSSES[network.loss_name](self.outputs)
        self._output_weights = weights[-1]
        self._output_activation = ACTIVATIONS[network.output] if network.output != "linear" else None
        self._output_scratch = empty(network.sizes[-1]) if self._output_activation else self.outputs
        self._first_gradient = slopes[0]

        self.inputs: list[np.ndarray] = []
        self.deltas: list[np.ndarray] = []
        self._forward: list[tuple] = []
        self._backward: list[tuple] = []
        for layer, units in enumerate(hidden):
            sums, delta = empty(units), empty(units)
            following = np.ones((examples, units + network.bias), network.dtype)
            h = following[:, :units]
            self._forward.append((weights[layer], sums, activation.apply, h, following))
            # `sums` is free once h is known, so it serves as scratch for the slope.
            back = weights[layer + 1][:units].T
            step = (following.T, slopes[layer + 1], back, delta, activation.times_slope, h, sums)
            self._backward.insert(0, step)
            self.inputs.append(following)
            self.deltas.append(delta)

    def forward(self, x: np.ndarray) -> None:
        """Compute the outputs of the examples `x` (M, fan_in, with the constant 1 if there are biases)."""
        for weights, sums, activate, h, following in self._forward:
            x.dot(weights, sums)
            activate(sums, h)
            x = following
        x.dot(self._output_weights, self.outputs)
        if self._output_activation:
            self._output_activation.apply(self.outputs, self.outputs)
        self.loss.forward()

    def backward(self, x_transposed: np.ndarray, targets: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """Write `scale` times the gradient of the summed loss into `gradient`, after `forward` of the same x.

        `scale` is a 0-d array: 1/M for the mean loss, learning_rate/M for a step. Returns the output's delta.
        """
        delta = output_delta = self.loss.delta(targets, scale)
        if self._output_activation:
            self._output_activation.times_slope(self.outputs, self._output_scratch, delta)
        for inputs_transposed, gradient, back, previous, times_slope, h, scratch in self._backward:
            inputs_transposed.dot(delta, gradient)
            delta.dot(back, previous)
            times_slope(h, scratch, previous)
            delta = previous
        x_transposed.dot(delta, self._first_gradient)
        return output_delta
