"""What a setting may be: what YAML makes of a slip is refused, at the bounds and beside them."""

import math
from typing import Any

import pytest

from perbatch import checks


@pytest.mark.parametrize("value", [True, "3", 3.0, None, [3], 0, 6])
def test_no_whole_number_from_1_to_5(value: Any) -> None:
    assert not checks.whole(value, 1, 5)
    assert checks.whole(1, 1, 5) and checks.whole(5, 1, 5) and checks.whole(10**30, 1)


@pytest.mark.parametrize("value", [True, "3", None, math.nan, math.inf, 0, -1.0])
def test_no_finite_number_above_0(value: Any) -> None:
    assert not checks.above(value, 0)
    assert checks.above(1e-300, 0) and checks.above(1, 0)


@pytest.mark.parametrize("value", [None, [], (), "text", {"a": 1}])
def test_no_filled_list(value: Any) -> None:
    assert not checks.filled(value)
    assert checks.filled([0])
