"""The forward and the backward pass over a chunk of examples."""

from __future__ import annotations

from typing import Any

from perbatch.backprop.compiled.jit import compiled
from perbatch.backprop.compiled.outputs import finish_outputs, output_deltas
from perbatch.backprop.compiled.pointwise import activate, times_slope
from perbatch.backprop.compiled.products import add_product, add_transposed_product


@compiled
def choose(work: Any, indices: Any) -> None:
    """Make these examples the chunk: where their inputs lie, and what their targets are."""
    for i in range(len(indices)):
        work.places[i] = indices[i] * work.input_row
        work.chosen[i] = work.targets[indices[i]]


@compiled
def forward(work: Any, rows: int) -> None:
    """Compute the outputs of the chunk."""
    layers = len(work.fan_in)
    for layer in range(layers):
        a = work.inputs if layer == 0 else work.values
        columns, at, stride = work.fan_out[layer], work.values_at[layer + 1], work.values_row[layer + 1]
        for i in range(rows):
            work.values[at + i * stride : at + i * stride + columns] = 0
        add_product(
            work.values, at, stride, a, work.places, layer * work.capacity, rows, work.fan_in[layer],
            work.theta, work.weights_at[layer], columns,
        )  # fmt: skip
        if layer < layers - 1:
            activate(work.activation, work.values, at, rows, columns, stride)
    finish_outputs(work, rows)


@compiled
def backward(work: Any, rows: int, scale: Any, to: Any) -> None:
    """Add `scale` times the gradient of the summed loss to `to`, after `forward` of the same chunk."""
    output_deltas(work, rows, scale)
    for layer in range(len(work.fan_in) - 1, -1, -1):
        a = work.inputs if layer == 0 else work.values
        columns, first = work.fan_out[layer], layer * work.capacity
        if layer > 0:
            units, at = work.fan_out[layer - 1], work.deltas_at[layer - 1]
            work.deltas[at : at + rows * units] = 0
            add_product(
                work.deltas, at, units, work.deltas, work.delta_places, first, rows, columns,
                work.turned, work.turned_at[layer], units,
            )  # fmt: skip
            times_slope(
                work.activation, work.values, work.values_at[layer], work.values_row[layer],
                work.deltas, at, rows, units,
            )  # fmt: skip
        add_transposed_product(
            to, work.weights_at[layer], a, work.places, first, work.fan_in[layer], rows,
            work.deltas, work.deltas_at[layer], columns,
        )  # fmt: skip


@compiled
def turn(work: Any) -> None:
    """Copy the weights that deltas are passed back through, transposed."""
    for layer in range(1, len(work.fan_in)):
        columns, units = work.fan_out[layer], work.fan_in[layer] - work.bias
        for row in range(units):
            start = work.weights_at[layer] + row * columns
            weights = work.theta[start : start + columns]
            for column in range(columns):
                work.turned[work.turned_at[layer] + column * units + row] = weights[column]
