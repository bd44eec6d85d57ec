"""Every array that the compiled functions need, made once: they allocate nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from perbatch.backprop.compiled.losses import LOSSES
from perbatch.backprop.compiled.pointwise import ACTIVATIONS
from perbatch.backprop.compiled.tiles import TERMS, WIDE
from perbatch.backprop.compiled.vectors import ROW_BYTES
from perbatch.backprop.examples import Examples
from perbatch.backprop.network import Network

Array = np.ndarray
NOTHING = -1  # in `entered`
OUTPUTS = {"linear": ACTIVATIONS.index("identity"), "sigmoid": ACTIVATIONS.index("sigmoid")}


class Workspace(NamedTuple):
    """Flat arrays, and where in them each layer's part starts, so that the code suits every network.

    Layer l takes sizes[l] numbers to sizes[l + 1]; a row of the latter is widths[l + 1] long, filled up to
    whole vectors. `weights` is theta in such rows, biases last; `turned` the transposed weights without
    biases; `values` what leaves the layers, `deltas` the derivatives of the loss by their sums. Row i of what
    enters layer l starts at places[l * capacity + i], of its deltas at delta_places[l * capacity + i].
    `factors` and `picked` list the numbers of a single example that are not zero, and their places. `entered`
    says where in `inputs` the example starts, and the one whose update of the first layer is postponed.
    """

    theta: Array
    theta_at: Array
    inputs: Array
    input_row: int
    targets: Array
    table: Array
    sizes: Array
    widths: Array
    bias: int
    activation: int
    output: int
    loss: int
    capacity: int
    chosen: Array
    places: Array
    delta_places: Array
    weights: Array
    step: Array
    weights_at: Array
    turned: Array
    turned_at: Array
    values: Array
    deltas: Array
    results_at: Array
    peaks: Array
    sums: Array
    ones: Array
    nowhere: Array
    factors: Array
    picked: Array
    listed_at: Array
    listed: Array
    entered: Array
    postpones: bool


def workspace(
    network: Network, theta: Array, examples: Examples, capacity: int, accumulates: bool
) -> Workspace:
    """Make the arrays for chunks of at most `capacity` examples, whose gradients may be summed in `step`."""
    kind, bias = network.dtype, int(network.bias)
    unit = ROW_BYTES // kind.itemsize
    sizes = np.array(network.sizes)
    widths = -(-sizes // unit) * unit
    layers = len(sizes) - 1
    rows = np.arange(capacity)
    weights_at = _starts((sizes[:-1] + bias) * widths[1:])
    turned_at = _starts([0, *(sizes[2:] * widths[1:-1])])
    results_at = _starts(widths[1:] * capacity)
    listed_at = _starts(np.concatenate([sizes[:-1] + bias, sizes[1:]]) + TERMS)
    entering = [rows, *(at + rows * width for at, width in zip(results_at, widths[1:-1], strict=False))]
    leaving = [at + rows * width for at, width in zip(results_at, widths[1:], strict=False)]
    return Workspace(
        theta=theta,
        theta_at=_starts((sizes[:-1] + bias) * sizes[1:]),
        inputs=examples.inputs.reshape(-1),
        input_row=examples.inputs.shape[1],
        targets=examples.rows,
        table=examples.table,
        sizes=sizes,
        widths=widths,
        bias=bias,
        activation=ACTIVATIONS.index(network.activation),
        output=OUTPUTS[network.output],
        loss=LOSSES.index(network.loss_name),
        capacity=capacity,
        chosen=np.zeros(capacity, np.int64),
        places=np.concatenate(entering),
        delta_places=np.concatenate(leaving),
        weights=aligned(weights_at[-1], kind),
        step=aligned(weights_at[-1] if accumulates else 0, kind),
        weights_at=weights_at,
        turned=aligned(turned_at[-1], kind),
        turned_at=turned_at,
        values=aligned(results_at[-1], kind),
        deltas=aligned(results_at[-1], kind),
        results_at=results_at,
        peaks=np.zeros(capacity, kind),
        sums=np.zeros(capacity, kind),
        ones=np.ones(capacity, kind),
        nowhere=np.zeros(1, np.int64),
        factors=np.zeros(listed_at[-1], kind),
        picked=np.zeros(listed_at[-1], np.int64),
        listed_at=listed_at,
        listed=np.zeros(2 * layers, np.int64),
        entered=np.array([NOTHING, NOTHING]),
        postpones=bool(widths[1] * kind.itemsize >= WIDE),
    )


def _starts(lengths: Sequence[int] | Array) -> Array:
    """Where each part starts when they lie one behind the other, and where the last ends."""
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def aligned(length: int, kind: np.dtype) -> Array:
    """Zeros that start where a vector may."""
    raw = np.zeros(int(length) * kind.itemsize + ROW_BYTES, np.uint8)
    start = -raw.ctypes.data % ROW_BYTES
    return raw[start : start + int(length) * kind.itemsize].view(kind)
