"""The forward and the backward pass over a chunk of examples."""

from __future__ import annotations

from typing import Any

from perbatch.backprop.compiled.jit import compiled
from perbatch.backprop.compiled.outputs import finish_outputs, output_deltas
from perbatch.backprop.compiled.pointwise import activate, copy, times_slope
from perbatch.backprop.compiled.products import add_product, add_transposed_product


@compiled
def choose(work: Any, indices: Any) -> None:
    """Make these examples the chunk: where their inputs lie, and what their targets are."""
    for i in range(len(indices)):
        work.places[i] = indices[i] * work.input_row
        work.chosen[i] = work.targets[indices[i]]


@compiled
def choose_range(work: Any, start: int, rows: int) -> None:
    """Make `rows` examples from `start` on the chunk."""
    for i in range(rows):
        work.places[i] = (start + i) * work.input_row
        work.chosen[i] = work.targets[start + i]


@compiled
def forward(work: Any, rows: int) -> None:
    """Compute the outputs of the chunk."""
    layers = len(work.sizes) - 1
    for layer in range(layers):
        a = work.inputs if layer == 0 else work.values
        units, width, at = work.sizes[layer], work.widths[layer + 1], work.results_at[layer]
        weights_at, results = work.weights_at[layer], work.values[at : at + rows * width]
        if work.bias:
            biases = work.weights[weights_at + units * width : weights_at + (units + 1) * width]
            for i in range(rows):
                copy(biases, results[i * width : (i + 1) * width])
        else:
            results[:] = 0
        add_product(
            work.values, at, a, work.places, layer * work.capacity, rows, units,
            work.weights, weights_at, width,
        )  # fmt: skip
        if layer < layers - 1:
            activate(work.activation, results)
    finish_outputs(work, rows)


@compiled
def backward(work: Any, rows: int, scale: Any, to: Any) -> None:
    """Add `scale` times the gradient of the summed loss to `to`, after `forward` of the same chunk."""
    output_deltas(work, rows, scale)
    for layer in range(len(work.sizes) - 2, -1, -1):
        a = work.inputs if layer == 0 else work.values
        units, width, at = work.sizes[layer], work.widths[layer + 1], work.results_at[layer]
        weights_at, first = work.weights_at[layer], layer * work.capacity
        if layer > 0:
            below_at, below_width = work.results_at[layer - 1], work.widths[layer]
            below = work.deltas[below_at : below_at + rows * below_width]
            below[:] = 0
            add_product(
                work.deltas, below_at, work.deltas, work.delta_places, first, rows, work.sizes[layer + 1],
                work.turned, work.turned_at[layer], below_width,
            )  # fmt: skip
            times_slope(work.activation, work.values[below_at : below_at + rows * below_width], below)
        add_transposed_product(to, weights_at, a, work.places, first, units, rows, work.deltas, at, width)
        if work.bias:
            one = len(work.nowhere)  # a literal would compile the product once more
            add_product(
                to, weights_at + units * width, work.ones, work.nowhere, one - 1, one, rows,
                work.deltas, at, width,
            )  # fmt: skip
