"""What a run measures over a whole set: loss, accuracy or R^2, the gradient and its spread."""

from __future__ import annotations

import numpy as np

from perbatch.backprop.examples import Examples
from perbatch.backprop.network import Network
from perbatch.backprop.propagation import Propagation

CHUNK = 256  # examples passed at once: bounds the memory and stays in cache


class Evaluation:
    """Measures `theta` on a set, as it is now. The results are attributes, renewed by `measure`.

    `losses` (n,); `loss`, their mean; `accuracy` (classification, else NaN); `r2` (regression, else NaN);
    only if `with_gradient`: `gradient` (N,) of the mean loss over the set, its `gradient_norm`, and
    `gradient_variance`, the trace of the covariance of the examples' own gradients (McCandlish et al. 2018).
    """

    def __init__(self, network: Network, theta: np.ndarray, examples: Examples, with_gradient: bool) -> None:
        """Make every buffer; `theta` is read anew at each `measure`."""
        self._examples, self._with_gradient = examples, with_gradient
        self.gradient, self._share = np.zeros_like(theta), np.zeros_like(theta)
        self._scale = np.array(1.0 / len(examples), network.dtype)
        self._outputs = np.empty((len(examples), network.sizes[-1]), network.dtype)
        self.losses = np.empty(len(examples), network.dtype)
        self.loss = self.accuracy = self.r2 = self.gradient_norm = self.gradient_variance = np.nan
        rows = [slice(start, start + CHUNK) for start in range(0, len(examples), CHUNK)]
        lengths = [len(examples.inputs[chunk]) for chunk in rows]
        passes = {n: Propagation(network, theta, self._share, n) for n in sorted(set(lengths))}
        self._squares = np.einsum("mi,mi->m", examples.inputs, examples.inputs)
        self._chunks = [(chunk, passes[n]) for chunk, n in zip(rows, lengths, strict=True)]

    def measure(self) -> None:
        """Pass the whole set, and renew the results."""
        self.gradient.fill(0.0)
        squares = 0.0
        for rows, passes in self._chunks:
            inputs, targets = self._examples.inputs[rows], self._examples.targets(rows)
            passes.forward(inputs)
            self.losses[rows] = passes.loss.losses(targets)
            self._outputs[rows] = passes.outputs
            if self._with_gradient:
                delta = passes.backward(inputs.T, targets, self._scale)
                self.gradient += self._share
                squares += _squared_norms(self._squares[rows], passes, delta)
        self.loss = float(self.losses.mean())
        if self._with_gradient:
            self.gradient_norm = float(np.linalg.norm(self.gradient))
            # The passes scaled every gradient by 1/n; what is left of a variance of 0 may be below it.
            self.gradient_variance = squares * len(self.losses) - self.gradient_norm**2
            self.gradient_variance = max(self.gradient_variance, 0.0)
        if self._examples.labels is None:
            self.r2 = _r2(self._outputs, self._examples.table)
        else:
            self.accuracy = float((self._outputs.argmax(axis=1) == self._examples.labels).mean())


def _squared_norms(inputs: np.ndarray, passes: Propagation, delta: np.ndarray) -> float:
    """Sum of the examples' squared gradient norms, from the squared norms of their `inputs` (m,).

    A layer's gradient is the outer product of what enters it and of its delta, so its squared norm is the
    product of theirs (Goodfellow 2015).
    """
    entering = [inputs, *(np.einsum("mi,mi->m", a, a) for a in passes.inputs)]
    leaving = [np.einsum("mj,mj->m", b, b) for b in [*passes.deltas, delta]]
    return float(sum(a.dot(b) for a, b in zip(entering, leaving, strict=True)))


def _r2(outputs: np.ndarray, targets: np.ndarray) -> float:
    """Share of the targets' variance that is explained; NaN if they have none."""
    variation = np.square(targets - targets.mean(axis=0)).sum()
    return float(1.0 - np.square(outputs - targets).sum() / variation) if variation > 0 else float("nan")
