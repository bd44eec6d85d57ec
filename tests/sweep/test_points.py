"""Which of a run's evaluations MLflow's curves show: few, on one grid, the best and the last among them."""

import math

import numpy as np
import pytest

from perbatch.backprop import log_spaced
from perbatch.sweep.record import POINTS, Points, Row

SCHEDULE = log_spaced(10, 80_000, 1.1)


def shown(rows: list[Row]) -> tuple[list[float], Points]:
    points = Points(SCHEDULE)
    taken = [row for row in rows if points.take(row)]
    return [row["presentations"] for row in [*taken, *points.left()]], points


def run(batch_size: int, best_at: int, stop: int = 80_000) -> list[Row]:
    """Evaluations as training makes them: at the first end of a batch at or after each point."""
    due = np.ceil(np.array([0, *SCHEDULE]) / batch_size) * batch_size
    kept = [int(each) for each in dict.fromkeys(due) if each <= stop]
    return [
        {"presentations": p, "validation_loss": 1.0 + abs(math.log1p(p) - math.log1p(best_at))} for p in kept
    ]


@pytest.mark.parametrize("batch_size", [1, 8, 128, 1000])
def test_first_last_and_best_are_among_few(batch_size: int) -> None:
    for best in range(0, len(SCHEDULE), 7):
        rows = run(batch_size, int(SCHEDULE[best]))
        presentations, points = shown(rows)
        least = min(rows, key=lambda row: row["validation_loss"])
        assert len(presentations) == len(set(presentations)) <= POINTS + 2 <= 40
        assert {0, least["presentations"], rows[-1]["presentations"]} <= set(presentations)
        assert points.best_loss == least["validation_loss"]


def test_all_batch_sizes_share_one_grid() -> None:
    """Mini-batches are shown where the stochastic mode is, at the end of the batch that is then at work."""
    alone, _ = shown(run(1, 80_000))
    for batch_size in (8, 128):
        presentations, _ = shown(run(batch_size, 80_000))
        rounded = {math.ceil(each / batch_size) * batch_size for each in alone}
        assert set(presentations) == rounded


def test_where_a_run_ends_early_is_shown() -> None:
    for stop in (0, 11, 700):
        rows = run(1, 10, stop=stop)
        presentations, _ = shown(rows)
        assert presentations[-1] == rows[-1]["presentations"]


def test_a_run_without_a_finite_loss_has_its_last_point() -> None:
    rows = [{"presentations": p, "validation_loss": math.nan} for p in (0, 10, 11)]
    presentations, points = shown(rows)
    assert (presentations[0], presentations[-1]) == (0, 11)
    assert points.best_loss == math.inf
