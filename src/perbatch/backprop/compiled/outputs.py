"""From the outputs of a chunk to its loss and to the derivative of the loss, whatever the loss is."""

from __future__ import annotations

from typing import Any

from perbatch.backprop.compiled.jit import compiled
from perbatch.backprop.compiled.losses import (
    CROSS_ENTROPY,
    SQUARED_ERROR,
    cross_entropies,
    cross_entropy_delta,
    softmax,
    squared_error_delta,
    squared_errors,
    total_cross_entropy,
    total_squared_error,
)
from perbatch.backprop.compiled.pointwise import activate, times_slope

UNKNOWN = "a loss that the compiled engine does not compute"


@compiled
def finish_outputs(work: Any, rows: int) -> None:
    """Apply the output's activation, and compute what the loss and its derivative share."""
    columns, width = work.sizes[-1], work.widths[-1]
    at = work.results_at[-2]
    outputs, deltas = work.values[at : at + rows * width], work.deltas[at : at + rows * width]
    activate(work.output, outputs)
    if work.loss == CROSS_ENTROPY:
        softmax(outputs, deltas, rows, columns, width, work.peaks, work.sums)


@compiled
def total_loss(work: Any, rows: int) -> float:
    """Return the sum of the chunk's losses."""
    columns, width = work.sizes[-1], work.widths[-1]
    outputs = work.values[work.results_at[-2] :]
    if work.loss == CROSS_ENTROPY:
        return total_cross_entropy(outputs, rows, width, work.chosen, work.peaks, work.sums)
    if work.loss == SQUARED_ERROR:
        return total_squared_error(outputs, rows, columns, width, work.table, work.chosen)
    raise NotImplementedError(UNKNOWN)


@compiled
def losses_of(work: Any, rows: int, losses: Any) -> float:
    """Write the loss of each example of the chunk, and return their sum."""
    columns, width = work.sizes[-1], work.widths[-1]
    outputs = work.values[work.results_at[-2] :]
    if work.loss == CROSS_ENTROPY:
        cross_entropies(outputs, rows, width, work.chosen, work.peaks, work.sums, losses)
    elif work.loss == SQUARED_ERROR:
        squared_errors(outputs, rows, columns, width, work.table, work.chosen, losses)
    else:
        raise NotImplementedError(UNKNOWN)
    total = 0.0
    for i in range(rows):
        total += losses[i]
    return total


@compiled
def hits(work: Any, rows: int) -> int:
    """Return how many examples of the chunk have their largest output, or the first NaN, at their label."""
    columns, width = work.sizes[-1], work.widths[-1]
    found = 0
    for i in range(rows):
        at = work.results_at[-2] + i * width
        z, best = work.values[at : at + columns], 0
        for j in range(1, columns):
            if z[j] > z[best] or (z[j] != z[j] and z[best] == z[best]):
                best = j
        found += best == work.chosen[i]
    return found


@compiled
def output_deltas(work: Any, rows: int, scale: Any) -> None:
    """Write `scale` times the derivative of the summed loss by the outputs' sums."""
    columns, width = work.sizes[-1], work.widths[-1]
    at = work.results_at[-2]
    outputs, deltas = work.values[at : at + rows * width], work.deltas[at : at + rows * width]
    if work.loss == CROSS_ENTROPY:
        cross_entropy_delta(deltas, rows, columns, width, work.chosen, work.sums, scale)
    elif work.loss == SQUARED_ERROR:
        squared_error_delta(outputs, deltas, rows, columns, width, work.table, work.chosen, scale)
        times_slope(work.output, outputs, deltas)
    else:
        raise NotImplementedError(UNKNOWN)
