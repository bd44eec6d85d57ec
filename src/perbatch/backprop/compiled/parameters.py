"""The parameters in the shape that the passes want, and back."""

from __future__ import annotations

from typing import Any

from perbatch.backprop.compiled.jit import compiled
from perbatch.backprop.compiled.pointwise import copy


@compiled
def load(work: Any) -> None:
    """Copy theta to the weights."""
    for layer in range(len(work.sizes) - 1):
        columns, width = work.sizes[layer + 1], work.widths[layer + 1]
        for row in range(work.sizes[layer] + work.bias):
            here, there = work.weights_at[layer] + row * width, work.theta_at[layer] + row * columns
            copy(work.theta[there:], work.weights[here : here + columns])
    turn(work)


@compiled
def store(work: Any) -> None:
    """Copy the weights to theta."""
    for layer in range(len(work.sizes) - 1):
        columns, width = work.sizes[layer + 1], work.widths[layer + 1]
        for row in range(work.sizes[layer] + work.bias):
            here, there = work.weights_at[layer] + row * width, work.theta_at[layer] + row * columns
            copy(work.weights[here:], work.theta[there : there + columns])


@compiled
def turn(work: Any) -> None:
    """Copy the weights that deltas are passed back through, transposed."""
    for layer in range(1, len(work.sizes) - 1):
        columns, width, turned_width = work.sizes[layer + 1], work.widths[layer + 1], work.widths[layer]
        for row in range(work.sizes[layer]):
            start = work.weights_at[layer] + row * width
            weights, turned = work.weights[start : start + width], work.turned[work.turned_at[layer] + row :]
            for column in range(columns):
                turned[column * turned_width] = weights[column]
