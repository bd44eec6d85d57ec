"""Losses of the outputs of M examples, and their derivatives."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from perbatch.backprop.compiled.jit import compiled
from perbatch.backprop.compiled.pointwise import exponential

LOSSES = ("cross_entropy", "squared_error")
CROSS_ENTROPY, SQUARED_ERROR = range(2)


@compiled
def softmax(outputs: Any, at: int, rows: int, columns: int, deltas: Any, d_at: int, peaks: Any, sums: Any) -> None:
    """Write exp(z - largest z) to the deltas, and keep each row's largest and its sum."""
    for i in range(rows):
        z = outputs[at + i * columns : at + (i + 1) * columns]
        shifted = deltas[d_at + i * columns : d_at + (i + 1) * columns]
        peak = z[0]
        for j in range(1, columns):
            peak = max(peak, z[j])
        for j in range(columns):
            shifted[j] = z[j] - peak
        peaks[i] = peak
    flat = deltas[d_at : d_at + rows * columns]
    for j in range(rows * columns):
        flat[j] = exponential(flat[j])
    for i in range(rows):
        e = deltas[d_at + i * columns : d_at + (i + 1) * columns]
        total = e[0]
        for j in range(1, columns):
            total += e[j]
        sums[i] = total


@compiled
def total_cross_entropy(outputs: Any, at: int, rows: int, columns: int, labels: Any, peaks: Any, sums: Any) -> float:
    """Return the summed negative log-likelihood, after `softmax`."""
    total = 0.0
    for i in range(rows):
        total += math.log(sums[i]) - (outputs[at + i * columns + labels[i]] - peaks[i])
    return total


@compiled
def cross_entropy_delta(rows: int, columns: int, labels: Any, deltas: Any, d_at: int, sums: Any, scale: Any) -> None:
    """Write scale * (softmax - target), after `softmax`."""
    for i in range(rows):
        delta = deltas[d_at + i * columns : d_at + (i + 1) * columns]
        share = scale / sums[i]
        for j in range(columns):
            delta[j] *= share
        delta[labels[i]] -= scale


@compiled
def total_squared_error(outputs: Any, at: int, rows: int, columns: int, table: Any, targets: Any) -> float:
    """Return half the summed squared difference to the rows of `table` that `targets` names."""
    total = 0.0
    for i in range(rows):
        for j in range(columns):
            residual = outputs[at + i * columns + j] - table[targets[i], j]
            total += residual * residual
    return 0.5 * total


@compiled
def squared_error_delta(
    outputs: Any, at: int, rows: int, columns: int, table: Any, targets: Any, deltas: Any, d_at: int, scale: Any
) -> None:
    """Write scale * (output - target)."""
    for i in range(rows):
        f = outputs[at + i * columns : at + (i + 1) * columns]
        delta = deltas[d_at + i * columns : d_at + (i + 1) * columns]
        y = table[targets[i]]
        for j in range(columns):
            delta[j] = scale * (f[j] - y[j])
