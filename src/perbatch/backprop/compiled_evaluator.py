"""What a run of the compiled engine measures, in one compiled call an evaluation."""

import numpy as np

from perbatch.backprop.compiled.evaluation import (
    CHANGE,
    HELD_OUT_HITS,
    HELD_OUT_LOSS,
    RESULTS,
    SQUARED_NORM,
    SQUARED_NORMS,
    TRAIN_HITS,
    TRAIN_LOSS,
    Trial,
    evaluate,
)
from perbatch.backprop.compiled.workspace import aligned, workspace
from perbatch.backprop.examples import Examples
from perbatch.backprop.mode import UpdateMode
from perbatch.backprop.network import Network

CHUNK = 256  # examples passed at once: bounds the memory and stays in cache


class CompiledEvaluator:
    """What `NumpyEvaluator` measures, to rounding, and the same bits on every run."""

    def __init__(
        self,
        network: Network,
        theta: np.ndarray,
        examples: Examples,
        held_out: Examples | None,
        mode: UpdateMode,
    ) -> None:
        """Make every buffer; `theta` is read anew at each `measure`."""
        kind, n = network.dtype, len(examples)
        train = workspace(network, theta, examples, min(CHUNK, n), accumulates=True)
        trial = train._replace(weights=aligned(len(train.weights), kind), step=aligned(len(train.step), kind))
        others = held_out or examples
        self.losses = np.empty(n, kind)
        self._arguments = (
            train,
            train._replace(inputs=others.inputs.reshape(-1), targets=others.rows, table=others.table),
            trial,
            Trial(mode.learning_rate, mode.tolerance is not None, float(mode.tolerance or 0.0)),
        )
        self._squares = np.einsum("mi,mi->m", examples.inputs, examples.inputs)
        self._held_out_losses = np.empty(0 if held_out is None else len(held_out), kind)
        self._results = np.zeros(RESULTS)
        self._labelled = examples.labels is not None
        self._variations = _variation(examples), _variation(others)

    def measure(self, upcoming: np.ndarray) -> dict[str, float]:
        """Return the columns of the history that are measured; `upcoming` is the next batch."""
        evaluate(*self._arguments, upcoming, self._squares, self.losses, self._held_out_losses, self._results)
        found, n, held_out = self._results.tolist(), len(self.losses), len(self._held_out_losses)
        squared_norm = found[SQUARED_NORM]
        return {
            "train_loss": found[TRAIN_LOSS] / n,
            "validation_loss": found[HELD_OUT_LOSS] / held_out if held_out else np.nan,
            "train_accuracy": self._accuracy(found[TRAIN_HITS], n),
            "validation_accuracy": self._accuracy(found[HELD_OUT_HITS], held_out),
            "train_r2": self._r2(found[TRAIN_LOSS], self._variations[0]),
            "validation_r2": self._r2(found[HELD_OUT_LOSS], self._variations[1] if held_out else 0.0),
            "gradient_norm": squared_norm**0.5,
            # The passes scaled every gradient by 1/n; what is left of a variance of 0 may be below it.
            "gradient_variance": max(found[SQUARED_NORMS] * n - squared_norm, 0.0),
            "next_update_change": found[CHANGE],
        }

    def _accuracy(self, hits: float, examples: int) -> float:
        return hits / examples if self._labelled and examples else np.nan

    def _r2(self, loss: float, variation: float) -> float:
        """Share of the targets' `variation` that is explained; the loss is half what is not."""
        return 1.0 - 2.0 * loss / variation if not self._labelled and variation > 0 else np.nan


def _variation(examples: Examples) -> float:
    return float(np.square(examples.table - examples.table.mean(axis=0)).sum())
