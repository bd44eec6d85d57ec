"""An update mode: when the gradient is applied. Three numbers cover all of them."""

from __future__ import annotations

from dataclasses import dataclass

from perbatch.backprop.checks import finite_number, whole_number


@dataclass(frozen=True)
class UpdateMode:
    """Batch size, updates per batch and tolerance; beside them the learning rate and accumulation's chunks.

    Stochastic is (1, 1, None), mini-batch (M, 1, None), full-batch (|D|, 1, None), repeat (M, n, tolerance).
    Make it with `update_mode`, which checks the values.
    """

    batch_size: int
    updates_per_batch: int
    tolerance: float | None
    learning_rate: float
    micro_batch_size: int


def update_mode(
    examples: int,
    batch_size: int | str,
    learning_rate: float,
    updates_per_batch: int,
    tolerance: float | None,
    micro_batch_size: int | None,
) -> UpdateMode:
    """Check the settings for a data set of so many examples. "full" or more than there are is full-batch.

    Without accumulation the one chunk is the batch. Raises ValueError.
    """
    if isinstance(batch_size, str):
        if batch_size != "full":
            raise ValueError(
                f"batch_size must be a whole number of at least 1 or 'full', not {batch_size!r}."
            )
        batch_size = examples
    batch_size = min(whole_number("batch_size", batch_size, 1), examples)
    chunk = batch_size if micro_batch_size is None else whole_number("micro_batch_size", micro_batch_size, 1)
    return UpdateMode(
        batch_size=batch_size,
        updates_per_batch=whole_number("updates_per_batch", updates_per_batch, 1),
        tolerance=None if tolerance is None else finite_number("tolerance", tolerance, zero_allowed=True),
        learning_rate=finite_number("learning_rate", learning_rate, zero_allowed=False),
        micro_batch_size=min(chunk, batch_size),
    )
