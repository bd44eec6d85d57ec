"""From the outputs of a chunk to its loss and to the derivative of the loss, whatever the loss is."""

from __future__ import annotations

from typing import Any

from perbatch.backprop.compiled.jit import compiled
from perbatch.backprop.compiled.losses import (
    CROSS_ENTROPY,
    cross_entropy_delta,
    softmax,
    squared_error_delta,
    total_cross_entropy,
    total_squared_error,
)
from perbatch.backprop.compiled.pointwise import activate, times_slope


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
    return total_squared_error(outputs, rows, columns, width, work.table, work.chosen)


@compiled
def output_deltas(work: Any, rows: int, scale: Any) -> None:
    """Write `scale` times the derivative of the summed loss by the outputs' sums."""
    columns, width = work.sizes[-1], work.widths[-1]
    at = work.results_at[-2]
    outputs, deltas = work.values[at : at + rows * width], work.deltas[at : at + rows * width]
    if work.loss == CROSS_ENTROPY:
        cross_entropy_delta(deltas, rows, columns, width, work.chosen, work.sums, scale)
    else:
        squared_error_delta(outputs, deltas, rows, columns, width, work.table, work.chosen, scale)
        times_slope(work.output, outputs, deltas)
