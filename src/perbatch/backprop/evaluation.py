"""What a run measures between updates: loss, accuracy or R^2, and the gradient norm, over a whole set."""

from __future__ import annotations

import numpy as np

from perbatch.backprop.examples import Examples
from perbatch.backprop.network import Network
from perbatch.backprop.propagation import Propagation

_CHUNK = 256  # examples passed at once: bounds the memory and stays in cache


class Evaluation:
    """Measures `theta` on a set, as it is now. The results are attributes, renewed by `measure`.

    `losses` (n,); `loss`, their mean; `accuracy` (classification, else NaN); `r2` (regression, else NaN);
    `gradient_norm`, of the mean loss over the set, only if `with_gradient`.
    """

    def __init__(self, network: Network, theta: np.ndarray, examples: Examples, with_gradient: bool) -> None:
        """Make every buffer; `theta` is read anew at each `measure`."""
        self._examples, self._with_gradient = examples, with_gradient
        self._gradient, self._share = np.zeros_like(theta), np.zeros_like(theta)
        self._scale = np.array(1.0 / len(examples), network.dtype)
        self._outputs = np.empty((len(examples), network.sizes[-1]), network.dtype)
        self.losses = np.empty(len(examples), network.dtype)
        self.loss = self.accuracy = self.r2 = self.gradient_norm = np.nan
        rows = [slice(start, start + _CHUNK) for start in range(0, len(examples), _CHUNK)]
        lengths = [len(examples.inputs[chunk]) for chunk in rows]
        passes = {n: Propagation(network, theta, self._share, n) for n in sorted(set(lengths))}
        self._chunks = [(chunk, passes[n]) for chunk, n in zip(rows, lengths, strict=True)]

    def measure(self) -> None:
        """Pass the whole set, and renew the results."""
        self._gradient.fill(0.0)
        for rows, passes in self._chunks:
            inputs, targets = self._examples.inputs[rows], self._examples.targets(rows)
            passes.forward(inputs)
            self.losses[rows] = passes.loss.losses(targets)
            self._outputs[rows] = passes.outputs
            if self._with_gradient:
                passes.backward(inputs.T, targets, self._scale)
                self._gradient += self._share
        self.loss = float(self.losses.mean())
        if self._with_gradient:
            self.gradient_norm = float(np.linalg.norm(self._gradient))
        if self._examples.labels is None:
            self.r2 = _r2(self._outputs, self._examples.table)
        else:
            self.accuracy = float((self._outputs.argmax(axis=1) == self._examples.labels).mean())


def _r2(outputs: np.ndarray, targets: np.ndarray) -> float:
    """Share of the targets' variance that is explained; NaN if they have none."""
    variation = np.square(targets - targets.mean(axis=0)).sum()
    return float(1.0 - np.square(outputs - targets).sum() / variation) if variation > 0 else float("nan")
