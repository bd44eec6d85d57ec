"""When a run is evaluated, counted in presentations so that all batch sizes are measured alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise

import numpy as np

from perbatch.backprop.checks import whole_number


def log_spaced(first: int, last: int, factor: float) -> np.ndarray:
    """Return strictly increasing whole numbers from `first` to exactly `last`, each about `factor` the last.

    Raises ValueError unless 1 <= first <= last and factor > 1.
    """
    whole_number("first", first, 1)
    whole_number("last", last, first)
    if not 1.0 < factor < np.inf:
        raise ValueError(f"factor must be a finite number above 1, not {factor!r}.")
    steps = int(np.log(last / first) / np.log(factor)) + 1
    points = np.rint(first * float(factor) ** np.arange(steps)).astype(np.int64)
    return np.append(np.unique(points[points < last]), last)


def evaluation_points(schedule: Sequence[int] | np.ndarray | None, presentations: int) -> np.ndarray:
    """Check a schedule, or make the default one for a run of so many presentations. Raises ValueError."""
    if schedule is None:
        return log_spaced(min(10, presentations), presentations, 1.2)
    points = np.asarray(schedule)
    if points.ndim != 1 or (points.size and points.dtype.kind not in "iu"):
        raise ValueError("schedule must be a list of whole numbers of presentations.")
    if points.size and (points[0] < 1 or (np.diff(points) <= 0).any()):
        raise ValueError("schedule must start at 1 or later and increase strictly.")
    return points.astype(np.int64)


def segments(
    orders: Iterable[np.ndarray], examples: int, epochs: int, batch_size: int, points: np.ndarray
) -> Iterator[tuple[np.ndarray, bool, np.ndarray]]:
    """Cut the epochs' orders where evaluations are due: (indices, whether to evaluate then, next batch).

    A cut falls at the end of an epoch, or at the first end of a batch at or after a point; points that were
    passed meanwhile are skipped. The first segment is empty, since a run is evaluated before it starts; the
    next batch is, at the end.
    """
    last = examples * epochs
    nothing = np.arange(0)
    for epoch, (order, following) in enumerate(pairwise(chain(orders, [nothing]))):
        if epoch == 0:
            yield nothing, True, order[:batch_size]
        before, position = epoch * examples, 0
        while position < examples:
            later = np.searchsorted(points, before + position, side="right")
            point = min(int(points[later]), last) if later < len(points) else last
            end = min(examples, -(-(point - before) // batch_size) * batch_size)
            upcoming = order[end : end + batch_size] if end < examples else following[:batch_size]
            yield order[position:end], before + end >= point, upcoming
            position = end
