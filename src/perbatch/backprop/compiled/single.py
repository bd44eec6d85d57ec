"""The forward and the backward pass over one example.

Its gradient is a product of two vectors a layer, which is added to the weights without being formed. Numbers
that are zero (a picture's background, a unit that is not active) are skipped, which changes nothing else.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from perbatch.backprop.compiled.jit import compiled
from perbatch.backprop.compiled.outputs import finish_outputs, output_deltas
from perbatch.backprop.compiled.pointwise import activate, times_slope
from perbatch.backprop.compiled.products import add_outer, combine, update_and_combine
from perbatch.backprop.compiled.tiles import TERMS
from perbatch.backprop.compiled.workspace import NOTHING

NOW, POSTPONED = range(2)  # places in `entered`


@compiled
def choose_one(work: Any, index: int) -> None:
    """Make this example the chunk."""
    work.chosen[0] = work.targets[index]
    now, before = index * work.input_row, work.entered[POSTPONED]
    work.entered[NOW] = now
    _list(work, np.int64(0), work.inputs, now, now if before == NOTHING else before, work.sizes[0], work.bias)


@compiled
def forward_one(work: Any) -> None:
    """Compute the outputs of the example, after the update that was postponed."""
    layers = len(work.sizes) - 1
    for layer in range(layers):
        at, width = work.results_at[layer], work.widths[layer + 1]
        results = work.values[at : at + width]
        results[:] = 0
        if layer == 0 and work.entered[POSTPONED] != NOTHING:
            update_and_combine(
                work.values, at, work.inputs, work.entered[POSTPONED], work.entered[NOW],
                work.picked, work.listed_at[0], work.listed[0], work.weights, 0, width, work.deltas, at,
            )  # fmt: skip
            work.entered[POSTPONED] = NOTHING
        else:
            combine(
                work.values, at, work.factors, work.picked, work.listed_at[layer], work.listed[layer],
                work.weights, work.weights_at[layer], width,
            )  # fmt: skip
        if layer < layers - 1:
            activate(work.activation, results)
            _list(work, layer + 1, work.values, at, at, work.sizes[layer + 1], work.bias)
    finish_outputs(work, 1)


@compiled
def update_one(work: Any, scale: Any) -> None:
    """Add `scale` times the gradient of the example's loss to the weights, after `forward_one`.

    The first layer, if it is large, waits for the next forward pass, which then reads it only once.
    """
    output_deltas(work, 1, scale)
    layers = len(work.sizes) - 1
    for layer in range(layers - 1, 0, -1):
        _update_turned(work, layer, layers + layer)
        _update(work, layer)
    if work.postpones:
        work.entered[POSTPONED] = work.entered[NOW]
    else:
        _update(work, 0)


@compiled
def settle(work: Any) -> None:
    """Make the update that was postponed."""
    if work.entered[POSTPONED] != NOTHING:
        _update(work, 0)
        work.entered[POSTPONED] = NOTHING


@compiled
def _update(work: Any, layer: int) -> None:
    add_outer(
        work.weights, work.weights_at[layer], work.factors, work.picked, work.listed_at[layer],
        work.listed[layer], work.deltas, work.results_at[layer], work.widths[layer + 1],
    )  # fmt: skip


@compiled
def _update_turned(work: Any, layer: int, entry: int) -> None:
    """Pass the deltas of a layer back, then update the transposed copy of its weights to the same bits."""
    deltas_at = work.results_at[layer]
    _list(work, entry, work.deltas, deltas_at, deltas_at, work.sizes[layer + 1], np.int64(0))
    listed_at, listed, turned_at = work.listed_at[entry], work.listed[entry], work.turned_at[layer]
    at, width = work.results_at[layer - 1], work.widths[layer]
    below, values = work.deltas[at : at + width], work.values[at : at + width]
    below[:] = 0
    combine(work.deltas, at, work.factors, work.picked, listed_at, listed, work.turned, turned_at, width)
    times_slope(work.activation, values, below)
    add_outer(work.turned, turned_at, work.factors, work.picked, listed_at, listed, work.values, at, width)


@compiled
def _list(work: Any, entry: int, numbers: Any, at: int, other: int, count: int, bias: int) -> None:
    """List the numbers from `at` on, unless they and those from `other` on are zero.

    The constant 1 for the biases follows, and zeros up to whole TERMS.
    """
    start = work.listed_at[entry]
    factors, picked = work.factors[start:], work.picked[start:]
    found = 0
    for k in range(count):
        factors[found], picked[found] = numbers[at + k], k
        found += (numbers[at + k] != 0) | (numbers[other + k] != 0)
    if bias:
        factors[found], picked[found] = 1, count
        found += 1
    for k in range(found, found + TERMS - 1):
        factors[k], picked[k] = 0, 0
    work.listed[entry] = found
