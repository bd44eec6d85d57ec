"""One run: epochs, the order of examples, evaluations, stopping, the clocks. Engines do the updates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from time import perf_counter

import numpy as np

from perbatch.backprop.checks import finite_number, one_of, whole_number
from perbatch.backprop.engines import ENGINES
from perbatch.backprop.examples import Encoded, encode
from perbatch.backprop.mode import update_mode
from perbatch.backprop.monitor import Monitor
from perbatch.backprop.network import Network
from perbatch.backprop.randomness import generators
from perbatch.backprop.run import Run, history_of
from perbatch.backprop.schedule import evaluation_points, segments


def train(
    network: Network,
    theta: np.ndarray,
    X: np.ndarray | Encoded,
    y: np.ndarray,
    *,
    batch_size: int | str,
    learning_rate: float,
    epochs: int,
    seed: int,
    engine: str = "numpy",
    updates_per_batch: int = 1,
    tolerance: float | None = None,
    micro_batch_size: int | None = None,
    shuffle: bool = True,
    validation: tuple[np.ndarray | Encoded, np.ndarray] | None = None,
    stop_at: float | None = None,
    schedule: Sequence[int] | np.ndarray | None = None,
    metric: Callable[[np.ndarray], float] | None = None,
    on_evaluation: Callable[[dict[str, float]], object] | None = None,
) -> Run:
    """Train from `theta`, which stays as it is, and return the run.

    An update subtracts learning_rate times the gradient of the batch's mean loss. `updates_per_batch` and
    `tolerance` are the repeat mode, `micro_batch_size` is gradient accumulation. Evaluations fall at 0, at
    the end, and at the first end of a batch at or after each point of `schedule` (presentations). Training
    ends early once the validation loss is at most `stop_at`, or the loss or theta is not finite. `metric`
    makes a number of one's own from a copy of theta at each evaluation until then, as `own_metric`.
    Raises ValueError for bad settings or data.
    """
    examples = encode(network, X, y)
    mode = update_mode(
        len(examples), batch_size, learning_rate, updates_per_batch, tolerance, micro_batch_size
    )
    whole_number("epochs", epochs, 1)
    whole_number("seed", seed, 0)
    points = evaluation_points(schedule, epochs * len(examples))
    if stop_at is not None:
        finite_number("stop_at", stop_at, zero_allowed=True)
        if validation is None:
            raise ValueError("stop_at needs validation data.")
    held_out = None if validation is None else encode(network, *validation)
    theta = network.parameters(theta).copy()
    machine = ENGINES[one_of("engine", engine, ENGINES)](network, theta, examples, mode)
    monitor = Monitor(machine, held_out, mode)
    orders = _orders(len(examples), epochs, seed, shuffle)
    rows: list[dict[str, float]] = []
    training = evaluating = 0.0
    diverged = stopped = False
    with np.errstate(all="ignore"):  # a run that diverges is a result, not a warning
        for indices, due, upcoming in segments(orders, len(examples), epochs, mode.batch_size, points):
            began = perf_counter()
            machine.advance(indices)
            training += perf_counter() - began
            monitor.saw(indices)
            if not due:
                continue
            began = perf_counter()
            rows.append(monitor.row(training, upcoming))
            diverged = not (np.isfinite(rows[-1]["train_loss"]) and np.isfinite(theta).all())
            rows[-1]["own_metric"] = np.nan if diverged or metric is None else metric(theta.copy())
            evaluating += perf_counter() - began
            if on_evaluation is not None:
                on_evaluation(rows[-1])
            stopped = stop_at is not None and rows[-1]["validation_loss"] <= stop_at
            if diverged or stopped:
                break
    return Run(theta, history_of(rows), diverged, stopped, training, evaluating)


def _orders(examples: int, epochs: int, seed: int, shuffle: bool) -> Iterator[np.ndarray]:
    """One order of the examples an epoch, told by the seed alone."""
    shuffling = generators(seed)[1]
    for _ in range(epochs):
        yield shuffling.permutation(examples) if shuffle else np.arange(examples)
