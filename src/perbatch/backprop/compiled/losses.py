"""Losses of the outputs of M examples, and their derivatives. Rows are `width` long; `columns` count."""

from __future__ import annotations

import math
from typing import Any

from perbatch.backprop.compiled.jit import compiled
from perbatch.backprop.compiled.pointwise import exponential

LOSSES = ("cross_entropy", "squared_error")
CROSS_ENTROPY, SQUARED_ERROR = range(2)


@compiled
def softmax(outputs: Any, deltas: Any, rows: int, columns: int, width: int, peaks: Any, sums: Any) -> None:
    """Write exp(z - largest z) to the deltas, and keep each row's largest z and its sum."""
    zero = outputs.dtype.type(0)
    for i in range(rows):
        z, shifted = outputs[i * width : (i + 1) * width], deltas[i * width : (i + 1) * width]
        peak = z[0]
        for j in range(1, columns):
            peak = z[j] if z[j] > peak else peak
        for j in range(width):
            shifted[j] = z[j] - peak if j < columns else zero
        peaks[i] = peak
    for j in range(rows * width):
        deltas[j] = exponential(deltas[j])
    for i in range(rows):
        e = deltas[i * width : (i + 1) * width]
        total = e[0]
        for j in range(1, columns):
            total += e[j]
        sums[i] = total


@compiled
def total_cross_entropy(outputs: Any, rows: int, width: int, labels: Any, peaks: Any, sums: Any) -> float:
    """Return the summed negative log-likelihood, after `softmax`."""
    total = 0.0
    for i in range(rows):
        total += math.log(sums[i]) - (outputs[i * width + labels[i]] - peaks[i])
    return total


@compiled
def cross_entropies(
    outputs: Any, rows: int, width: int, labels: Any, peaks: Any, sums: Any, losses: Any
) -> None:
    """Write the negative log-likelihood of each row, after `softmax`."""
    for i in range(rows):
        losses[i] = math.log(sums[i]) - (outputs[i * width + labels[i]] - peaks[i])


@compiled
def cross_entropy_delta(
    deltas: Any, rows: int, columns: int, width: int, labels: Any, sums: Any, scale: Any
) -> None:
    """Make scale * (softmax - target) of what `softmax` wrote."""
    zero = deltas.dtype.type(0)
    for i in range(rows):
        delta = deltas[i * width : (i + 1) * width]
        share = scale / sums[i]
        for j in range(width):
            delta[j] = delta[j] * share if j < columns else zero
        delta[labels[i]] -= scale


@compiled
def total_squared_error(outputs: Any, rows: int, columns: int, width: int, table: Any, targets: Any) -> float:
    """Return half the summed squared difference to the rows of `table` that `targets` names."""
    total = 0.0
    for i in range(rows):
        for j in range(columns):
            residual = outputs[i * width + j] - table[targets[i], j]
            total += residual * residual
    return 0.5 * total


@compiled
def squared_errors(
    outputs: Any, rows: int, columns: int, width: int, table: Any, targets: Any, losses: Any
) -> None:
    """Write half the squared difference of each row to the row of `table` that `targets` names."""
    for i in range(rows):
        total = 0.0
        for j in range(columns):
            residual = outputs[i * width + j] - table[targets[i], j]
            total += residual * residual
        losses[i] = 0.5 * total


@compiled
def squared_error_delta(
    outputs: Any, deltas: Any, rows: int, columns: int, width: int, table: Any, targets: Any, scale: Any
) -> None:
    """Write scale * (output - target)."""
    for i in range(rows):
        f, delta, y = outputs[i * width :], deltas[i * width :], table[targets[i]]
        for j in range(columns):
            delta[j] = scale * (f[j] - y[j])
