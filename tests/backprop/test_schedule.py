import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perbatch.backprop import log_spaced
from perbatch.backprop.schedule import segments


def test_points_are_spaced_by_the_factor() -> None:
    assert log_spaced(10, 100, 1.5).tolist() == [10, 15, 22, 34, 51, 76, 100]
    assert log_spaced(1, 5, 1.01).tolist() == [1, 2, 3, 4, 5]
    assert log_spaced(7, 7, 2).tolist() == [7]


@settings(deadline=None)
@given(st.integers(1, 1000), st.integers(0, 10**7), st.floats(1.01, 10))
def test_points_increase_strictly_from_first_to_last(first: int, more: int, factor: float) -> None:
    points = log_spaced(first, first + more, factor)
    assert points[0] == first and points[-1] == first + more
    assert (np.diff(points) > 0).all()


@pytest.mark.parametrize("arguments", [(0, 5, 2.0), (5, 4, 2.0), (1, 5, 1.0), (1, 5, float("inf"))])
def test_an_impossible_schedule_is_refused(arguments: tuple[int, int, float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        log_spaced(*arguments)


@settings(deadline=None)
@given(
    st.integers(1, 40),
    st.integers(1, 4),
    st.integers(1, 40),
    st.lists(st.integers(1, 200), unique=True).map(sorted),
)
def test_segments_cover_each_epoch_in_whole_batches_and_end_where_an_evaluation_is_due(
    examples: int, epochs: int, batch_size: int, points: list[int]
) -> None:
    batch_size = min(batch_size, examples)
    orders = [np.arange(examples) + 1000 * epoch for epoch in range(epochs)]
    found = list(segments(orders, examples, epochs, batch_size, np.array(points, int)))
    np.testing.assert_array_equal(np.concatenate([i for i, _, _ in found]), np.concatenate(orders))

    ends = [
        e * examples + min(b, examples)
        for e in range(epochs)
        for b in range(batch_size, examples + batch_size, batch_size)
    ]
    due = {next(end for end in ends if end >= p) for p in points if p <= ends[-1]} | {0, ends[-1]}
    position, evaluated = 0, set()
    for indices, evaluate, upcoming in found:
        position += len(indices)
        assert position == 0 or position in ends
        end = next((end for end in ends if end > position), position)
        np.testing.assert_array_equal(upcoming, np.concatenate(orders)[position:end])
        if evaluate:
            evaluated.add(position)
    assert evaluated == due
