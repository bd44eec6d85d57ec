"""What a run measures: loss, accuracy or R^2, the gradient and its spread, what the next update would do.

The reference that `compiled_evaluator` is held against.
"""

import numpy as np

from perbatch.backprop.examples import Examples
from perbatch.backprop.mode import UpdateMode
from perbatch.backprop.network import Network
from perbatch.backprop.propagation import Propagation

CHUNK = 256  # examples passed at once: bounds the memory and stays in cache


class NumpyEvaluator:
    """Measures `theta`, as it is now, on the training examples and, where there are any, the held-out ones.

    `losses` (n,) are those of the training examples, renewed by `measure`.
    """

    def __init__(
        self,
        network: Network,
        theta: np.ndarray,
        examples: Examples,
        held_out: Examples | None,
        mode: UpdateMode,
    ) -> None:
        """Make every buffer; `theta` is read anew at each `measure`."""
        self._train = Evaluation(network, theta, examples, with_gradient=True)
        self._held_out = (
            None if held_out is None else Evaluation(network, theta, held_out, with_gradient=False)
        )
        self._next = NextUpdate(network, theta, examples, mode)
        self.losses = self._train.losses

    def measure(self, upcoming: np.ndarray) -> dict[str, float]:
        """Return the columns of the history that are measured; `upcoming` is the next batch."""
        train, held_out = self._train, self._held_out
        train.measure()
        if held_out is not None:
            held_out.measure()
        return {
            "train_loss": train.loss,
            "validation_loss": held_out.loss if held_out else np.nan,
            "train_accuracy": train.accuracy,
            "validation_accuracy": held_out.accuracy if held_out else np.nan,
            "train_r2": train.r2,
            "validation_r2": held_out.r2 if held_out else np.nan,
            "gradient_norm": train.gradient_norm,
            "gradient_variance": train.gradient_variance,
            "next_update_change": self._next.change(train, upcoming),
        }


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


class NextUpdate:
    """Makes the next update on a copy of `theta`: the run, its counts and its clock know nothing of it."""

    def __init__(self, network: Network, theta: np.ndarray, examples: Examples, mode: UpdateMode) -> None:
        """Make every buffer; `theta` is read anew at each `change`."""
        self._network, self._theta, self._examples, self._mode = network, theta, examples, mode
        self._trial = np.empty_like(theta)
        self._after = Evaluation(network, self._trial, examples, with_gradient=False)
        self._gradient, self._share = np.empty_like(theta), np.empty_like(theta)
        self._passes: dict[int, Propagation] = {}

    def change(self, now: Evaluation, batch: np.ndarray) -> float:
        """Return the loss after the first update on `batch` minus the loss `now`, both of the whole set.

        NaN without a next batch, and where it meets the tolerance, so that there is no update on it.
        """
        if not len(batch):
            return np.nan
        loss, gradient = now.loss, now.gradient
        if len(batch) < len(self._examples):
            loss, gradient = self._of(batch)
        if self._mode.tolerance is not None and loss <= self._mode.tolerance:
            return np.nan
        np.multiply(gradient, -self._mode.learning_rate, out=self._trial)
        self._trial += self._theta
        self._after.measure()
        return self._after.loss - now.loss

    def _of(self, batch: np.ndarray) -> tuple[float, np.ndarray]:
        """Mean loss of a batch and its gradient."""
        self._gradient.fill(0.0)
        loss = sum(self._add(batch[i : i + CHUNK], len(batch)) for i in range(0, len(batch), CHUNK))
        return loss, self._gradient

    def _add(self, rows: np.ndarray, batch_size: int) -> float:
        """Add the rows' part of the batch's mean gradient, and return their part of its mean loss."""
        if len(rows) not in self._passes:
            self._passes[len(rows)] = Propagation(self._network, self._theta, self._share, len(rows))
        passes = self._passes[len(rows)]
        inputs = self._examples.inputs[rows]
        targets = self._examples.targets(rows)
        passes.forward(inputs)
        losses = passes.loss.losses(targets)
        passes.backward(inputs.T, targets, np.array(1.0 / batch_size, self._network.dtype))
        self._gradient += self._share
        return float(losses.sum()) / batch_size


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
