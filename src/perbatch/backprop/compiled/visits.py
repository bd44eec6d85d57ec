"""A segment of an epoch: every batch visited as the update mode says, without returning to Python."""

from __future__ import annotations

from typing import Any, NamedTuple

from perbatch.backprop.compiled.cache import kept
from perbatch.backprop.compiled.chunks import backward, choose, forward
from perbatch.backprop.compiled.jit import compiled
from perbatch.backprop.compiled.outputs import total_loss
from perbatch.backprop.compiled.parameters import load, store, turn
from perbatch.backprop.compiled.single import choose_one, forward_one, settle, update_one

UPDATES, GRADIENT_EVALUATIONS, FORWARD_EVALUATIONS = range(3)


class Mode(NamedTuple):
    """An UpdateMode; `tolerance` counts only if `checks`."""

    batch_size: int
    updates_per_batch: int
    checks: bool
    tolerance: float
    learning_rate: float
    micro_batch_size: int


@kept
def advance(work: Any, mode: Any, indices: Any, satisfied: Any, counts: Any) -> None:
    """Visit the given examples in batches, of which only the last may be short."""
    load(work)
    for start in range(0, len(indices), mode.batch_size):
        batch = indices[start : start + mode.batch_size]
        met = _visit(work, mode, batch, counts)
        if mode.checks:
            for i in range(len(batch)):
                satisfied[batch[i]] = met
    settle(work)
    store(work)


@compiled
def _visit(work: Any, mode: Any, batch: Any, counts: Any) -> bool:
    """Update up to n times, or until the mean loss is at most the tolerance; tell whether it is."""
    size = len(batch)
    one, accumulates = mode.batch_size == 1, mode.micro_batch_size < mode.batch_size
    if one:
        choose_one(work, batch[0])
    elif not accumulates:
        choose(work, batch)
    scale = work.theta.dtype.type(-mode.learning_rate / size)
    for _ in range(mode.updates_per_batch):
        if mode.checks:
            if _mean_loss(work, mode, batch) <= mode.tolerance:
                counts[FORWARD_EVALUATIONS] += size
                return True
            if accumulates:
                counts[FORWARD_EVALUATIONS] += size
        elif not accumulates:
            _forward(work, one, size)
        if one:
            update_one(work, scale)
        else:
            if accumulates:
                _accumulate(work, mode, batch, scale)
            else:
                backward(work, size, scale, work.weights)
            turn(work)
        counts[UPDATES] += 1
        counts[GRADIENT_EVALUATIONS] += size
    if not mode.checks:
        return False
    counts[FORWARD_EVALUATIONS] += size
    return _mean_loss(work, mode, batch) <= mode.tolerance


@compiled
def _forward(work: Any, one: bool, rows: int) -> None:
    if one:
        forward_one(work)
    else:
        forward(work, rows)


@compiled
def _mean_loss(work: Any, mode: Any, batch: Any) -> float:
    """Pass the batch forward, chunk by chunk where it is accumulated."""
    size = len(batch)
    if mode.micro_batch_size == mode.batch_size:
        _forward(work, mode.batch_size == 1, size)
        return total_loss(work, size) / size
    total = 0.0
    for start in range(0, size, mode.micro_batch_size):
        chunk = batch[start : start + mode.micro_batch_size]
        choose(work, chunk)
        forward(work, len(chunk))
        total += total_loss(work, len(chunk))
    return total / size


@compiled
def _accumulate(work: Any, mode: Any, batch: Any, scale: Any) -> None:
    """Sum the chunks' gradients, then update."""
    work.step[:] = 0
    for start in range(0, len(batch), mode.micro_batch_size):
        chunk = batch[start : start + mode.micro_batch_size]
        choose(work, chunk)
        forward(work, len(chunk))
        backward(work, len(chunk), scale, work.step)
    for i in range(len(work.step)):
        work.weights[i] += work.step[i]
