"""The forward and the backward pass over one example.

Its gradient is a product of two vectors a layer, which is added to the weights without being formed. Numbers
that are zero (a picture's background, a unit that is not active) are skipped, which changes nothing else.
"""

from __future__ import annotations

from typing import Any

from perbatch.backprop.compiled.jit import compiled
from perbatch.backprop.compiled.outputs import finish_outputs, output_deltas
from perbatch.backprop.compiled.pointwise import activate, times_slope
from perbatch.backprop.compiled.products import add_outer, combine
from perbatch.backprop.compiled.tiles import UNROLLED


@compiled
def choose_one(work: Any, index: int) -> None:
    """Make this example the chunk."""
    work.chosen[0] = work.targets[index]
    _list(work, 0, work.inputs, index * work.input_row, work.fan_in[0])


@compiled
def forward_one(work: Any) -> None:
    """Compute the outputs of the example."""
    layers = len(work.fan_in)
    for layer in range(layers):
        columns, at = work.fan_out[layer], work.values_at[layer + 1]
        combine(
            work.values, at, work.factors, work.picked, work.listed_at[layer], work.listed[layer],
            work.theta, work.weights_at[layer], columns,
        )  # fmt: skip
        if layer < layers - 1:
            activate(work.activation, work.values, at, 1, columns, columns)
            _list(work, layer + 1, work.values, at, work.fan_in[layer + 1])
    finish_outputs(work, 1)


@compiled
def update_one(work: Any, scale: Any) -> None:
    """Add `scale` times the gradient of the example's loss to theta, after `forward_one`."""
    output_deltas(work, 1, scale)
    layers = len(work.fan_in)
    for layer in range(layers - 1, -1, -1):
        columns, deltas_at = work.fan_out[layer], work.deltas_at[layer]
        if layer > 0:
            units, below, entry = work.fan_out[layer - 1], work.deltas_at[layer - 1], layers + layer
            _list(work, entry, work.deltas, deltas_at, columns)
            at, count = work.listed_at[entry], work.listed[entry]
            turned_at, values_at = work.turned_at[layer], work.values_at[layer]
            combine(work.deltas, below, work.factors, work.picked, at, count, work.turned, turned_at, units)
            times_slope(work.activation, work.values, values_at, units, work.deltas, below, 1, units)
            add_outer(
                work.turned, turned_at, work.factors, work.picked, at, count, work.values, values_at, units
            )
        add_outer(
            work.theta, work.weights_at[layer], work.factors, work.picked, work.listed_at[layer],
            work.listed[layer], work.deltas, deltas_at, columns,
        )  # fmt: skip


@compiled
def _list(work: Any, entry: int, numbers: Any, at: int, count: int) -> None:
    """List the numbers that are not zero, and pad the list with zeros to a whole number of terms at once."""
    start = work.listed_at[entry]
    factors, picked = work.factors[start:], work.picked[start:]
    found = 0
    for k in range(count):
        factors[found], picked[found] = numbers[at + k], k
        found += numbers[at + k] != 0
    for k in range(found, found + UNROLLED):
        factors[k], picked[k] = 0, 0
    work.listed[entry] = found
