"""Every array that the compiled functions need, made once: they allocate nothing."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from perbatch.backprop.compiled.losses import LOSSES
from perbatch.backprop.compiled.pointwise import ACTIVATIONS, IDENTITY
from perbatch.backprop.compiled.tiles import UNROLLED
from perbatch.backprop.examples import Examples
from perbatch.backprop.mode import UpdateMode
from perbatch.backprop.network import Network

Array = np.ndarray


class Workspace(NamedTuple):
    """Flat arrays, and where in them each layer's part starts, so that the code suits every network.

    Layer l has weights of (fan_in[l], fan_out[l]), biases included. `values` hold the inputs of layers 1 and up
    (with the constant 1 for the biases) and at last the outputs; `deltas` the derivatives of the loss by each
    layer's sums; `turned` transposed copies of the weights without biases. Row i of layer l's input starts at
    places[l * capacity + i], a row of its deltas at delta_places[l * capacity + i].
    `picked` and `factors` list the numbers of a single example that are not zero.
    """

    theta: Array
    step: Array
    inputs: Array
    input_row: int
    targets: Array
    table: Array
    fan_in: Array
    fan_out: Array
    weights_at: Array
    values: Array
    values_at: Array
    values_row: Array
    deltas: Array
    deltas_at: Array
    turned: Array
    turned_at: Array
    places: Array
    delta_places: Array
    capacity: int
    chosen: Array
    peaks: Array
    sums: Array
    factors: Array
    picked: Array
    listed_at: Array
    listed: Array
    bias: int
    activation: int
    output: int
    loss: int


def workspace(network: Network, theta: Array, examples: Examples, mode: UpdateMode) -> Workspace:
    """Make the arrays for chunks of at most `mode.micro_batch_size` examples."""
    capacity = mode.micro_batch_size
    shapes = np.array(network.shapes, np.int64)
    fan_in, fan_out = np.ascontiguousarray(shapes[:, 0]), np.ascontiguousarray(shapes[:, 1])
    values_row = np.append(fan_in, fan_out[-1])
    values_at = _starts(np.append(0, values_row[1:] * capacity))
    deltas_at = _starts(fan_out * capacity)
    values = np.ones(values_at[-1], network.dtype)
    places = np.zeros((len(shapes), capacity), np.int64)
    examples_in_chunk = np.arange(capacity)
    for layer in range(1, len(shapes)):
        places[layer] = values_at[layer] + examples_in_chunk * values_row[layer]
    delta_places = deltas_at[:-1, None] + examples_in_chunk * fan_out[:, None]
    # One example's lists: the inputs of every layer, then the deltas of every layer, each with room for padding.
    listed_at = _starts(np.concatenate([fan_in, fan_out]) + UNROLLED)
    accumulates = capacity < mode.batch_size
    return Workspace(
        theta=theta,
        step=np.zeros_like(theta) if accumulates else np.zeros(0, network.dtype),
        inputs=examples.inputs.reshape(-1),
        input_row=examples.inputs.shape[1],
        targets=np.arange(len(examples)) if examples.labels is None else examples.labels,
        table=examples.table,
        fan_in=fan_in,
        fan_out=fan_out,
        weights_at=_starts(fan_in * fan_out),
        values=values,
        values_at=values_at,
        values_row=values_row,
        deltas=np.zeros(deltas_at[-1], network.dtype),
        deltas_at=deltas_at,
        turned=np.zeros(int(((fan_in - network.bias) * fan_out)[1:].sum()), network.dtype),
        turned_at=_starts(np.append(0, ((fan_in - network.bias) * fan_out)[1:])),
        places=places.reshape(-1),
        delta_places=delta_places.reshape(-1),
        capacity=capacity,
        chosen=np.zeros(capacity, np.int64),
        peaks=np.zeros(capacity, network.dtype),
        sums=np.zeros(capacity, network.dtype),
        factors=np.zeros(listed_at[-1], network.dtype),
        picked=np.zeros(listed_at[-1], np.int64),
        listed_at=listed_at,
        listed=np.zeros(2 * len(shapes), np.int64),
        bias=int(network.bias),
        activation=ACTIVATIONS.index(network.activation),
        output=SIGMOID_OR_LINEAR[network.output],
        loss=LOSSES.index(network.loss_name),
    )


SIGMOID_OR_LINEAR = {"linear": IDENTITY, "sigmoid": ACTIVATIONS.index("sigmoid")}


def _starts(lengths: Array) -> Array:
    """Where each part starts when they lie one behind the other, and where the last ends."""
    return np.append(0, np.cumsum(lengths)).astype(np.int64)
