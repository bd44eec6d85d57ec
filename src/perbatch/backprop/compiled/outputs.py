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
    last = len(work.fan_out)
    at, columns = work.values_at[last], work.fan_out[last - 1]
    activate(work.output, work.values, at, rows, columns, columns)
    if work.loss == CROSS_ENTROPY:
        softmax(work.values, at, rows, columns, work.deltas, work.deltas_at[last - 1], work.peaks, work.sums)


@compiled
def total_loss(work: Any, rows: int) -> float:
    """Return the sum of the chunk's losses."""
    last = len(work.fan_out)
    at, columns = work.values_at[last], work.fan_out[last - 1]
    if work.loss == CROSS_ENTROPY:
        return total_cross_entropy(work.values, at, rows, columns, work.chosen, work.peaks, work.sums)
    return total_squared_error(work.values, at, rows, columns, work.table, work.chosen)


@compiled
def output_deltas(work: Any, rows: int, scale: Any) -> None:
    """Write `scale` times the derivative of the summed loss by the outputs' sums."""
    last = len(work.fan_out)
    at, columns, deltas_at = work.values_at[last], work.fan_out[last - 1], work.deltas_at[last - 1]
    if work.loss == CROSS_ENTROPY:
        cross_entropy_delta(rows, columns, work.chosen, work.deltas, deltas_at, work.sums, scale)
    else:
        squared_error_delta(
            work.values, at, rows, columns, work.table, work.chosen, work.deltas, deltas_at, scale
        )
        times_slope(work.output, work.values, at, columns, work.deltas, deltas_at, rows, columns)
