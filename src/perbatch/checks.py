"""What a setting may be, for every room that checks some; what an error says of it, the room says itself.

To Python `true` is a number; here it is none.
"""

import math
from typing import Any, TypeGuard


def whole(value: Any, least: int, most: float = math.inf) -> TypeGuard[int]:
    """Return whether a value is a whole number from `least` to `most`."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def above(value: Any, bound: float) -> TypeGuard[float]:
    """Return whether a value is a finite number above `bound`."""
    return number(value) and math.isfinite(value) and value > bound


def number(value: Any) -> TypeGuard[float]:
    """Return whether a value is a number, finite or not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def filled(value: Any) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    """Return whether a value is a list with something in it."""
    return isinstance(value, list | tuple) and len(value) > 0
