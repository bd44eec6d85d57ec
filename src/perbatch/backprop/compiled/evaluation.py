"""An evaluation: what theta does on whole sets, and what the next update would do, in one call."""

from typing import Any, NamedTuple

from perbatch.backprop.compiled.cache import kept
from perbatch.backprop.compiled.chunks import backward, choose, choose_range, forward
from perbatch.backprop.compiled.jit import compiled
from perbatch.backprop.compiled.outputs import hits, losses_of, total_loss
from perbatch.backprop.compiled.parameters import load
from perbatch.backprop.compiled.pointwise import squared_norm

TRAIN_LOSS, TRAIN_HITS, SQUARED_NORM, SQUARED_NORMS, HELD_OUT_LOSS, HELD_OUT_HITS, CHANGE = range(7)
"""Places in the results: losses are sums, hits counts."""
RESULTS = CHANGE + 1


class Trial(NamedTuple):
    """The next update, as it is tried: its learning rate, and the loss at which a batch is left alone."""

    learning_rate: float
    checks: bool
    tolerance: float


@kept
def evaluate(
    train: Any, held_out: Any, trial: Any, mode: Any, upcoming: Any, squares: Any,
    losses: Any, held_out_losses: Any, results: Any,
) -> None:  # fmt: skip
    """Pass the training and the held-out examples, then the former again after the update on `upcoming`.

    The workspaces share every buffer but the weights of `trial` and the gradients, which are in `step`: of
    the whole set in `train`, of the batch in `trial`. `squares` (n,) are the squared norms of the inputs.
    Writes the loss of each example, and the results at the places above; CHANGE is NaN without an update.
    """
    examples = len(losses)
    load(train)
    train.step[:] = 0
    results[:] = 0
    scale = train.theta.dtype.type(1.0 / examples)
    for start in range(0, examples, train.capacity):
        rows = min(train.capacity, examples - start)
        choose_range(train, start, rows)
        forward(train, rows)
        results[TRAIN_LOSS] += losses_of(train, rows, losses[start : start + rows])
        results[TRAIN_HITS] += hits(train, rows)
        backward(train, rows, scale, train.step)
        results[SQUARED_NORMS] += _squared_norms(train, rows, squares[start : start + rows])
    results[SQUARED_NORM] = squared_norm(train.step)
    for start in range(0, len(held_out_losses), held_out.capacity):
        rows = min(held_out.capacity, len(held_out_losses) - start)
        choose_range(held_out, start, rows)
        forward(held_out, rows)
        results[HELD_OUT_LOSS] += losses_of(held_out, rows, held_out_losses[start : start + rows])
        results[HELD_OUT_HITS] += hits(held_out, rows)
    results[CHANGE] = _change(train, trial, mode, upcoming, examples, results[TRAIN_LOSS])


@compiled
def _change(train: Any, trial: Any, mode: Any, upcoming: Any, examples: int, now: float) -> float:
    """Loss of the whole set after the update, minus that of `now`, both means; NaN where there is none."""
    size = len(upcoming)
    if size == 0:
        return float("nan")
    whole = size == examples
    loss = now if whole else _batch(train, trial.step, upcoming)
    if mode.checks and loss / size <= mode.tolerance:
        return float("nan")
    gradient = train.step if whole else trial.step
    rate = train.theta.dtype.type(mode.learning_rate)
    for i in range(len(gradient)):
        trial.weights[i] = train.weights[i] - rate * gradient[i]
    after = 0.0
    for start in range(0, examples, trial.capacity):
        rows = min(trial.capacity, examples - start)
        choose_range(trial, start, rows)
        forward(trial, rows)
        after += total_loss(trial, rows)
    return after / examples - now / examples


@compiled
def _batch(work: Any, gradient: Any, batch: Any) -> float:
    """Write the gradient of a batch's mean loss, and return the sum of its losses."""
    gradient[:] = 0
    scale, loss = work.theta.dtype.type(1.0 / len(batch)), 0.0
    for start in range(0, len(batch), work.capacity):
        chunk = batch[start : start + work.capacity]
        choose(work, chunk)
        forward(work, len(chunk))
        loss += total_loss(work, len(chunk))
        backward(work, len(chunk), scale, gradient)
    return loss


@compiled
def _squared_norms(work: Any, rows: int, squares: Any) -> float:
    """Sum of the squared norms of the examples' own gradients, after `backward`.

    A layer's gradient is the outer product of what enters it and of its delta, so its squared norm is the
    product of theirs (Goodfellow 2015).
    """
    total = 0.0
    for layer in range(len(work.sizes) - 1):
        at, width = work.results_at[layer], work.widths[layer + 1]
        for i in range(rows):
            entering = squares[i]
            if layer > 0:
                start = work.places[layer * work.capacity + i]
                entering = work.bias + squared_norm(work.values[start : start + work.sizes[layer]])
            total += entering * squared_norm(work.deltas[at + i * width : at + (i + 1) * width])
    return total
