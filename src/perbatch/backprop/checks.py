"""Limits of single values: one sentence that names the value and what is allowed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Integral, Real


def whole_number(name: str, value: object, least: int) -> int:
    """Return `value` as an int of at least `least`. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, not {value!r}.")
    return int(value)


def finite_number(name: str, value: object, *, zero_allowed: bool) -> float:
    """Return `value` as a finite float, above zero or at least zero. Raises ValueError."""
    allowed = "at least 0" if zero_allowed else "above 0"
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise ValueError(f"{name} must be a finite number {allowed}, not {value!r}.")
    if value < 0 or (value == 0 and not zero_allowed):
        raise ValueError(f"{name} must be a finite number {allowed}, not {value!r}.")
    return float(value)


def one_of(name: str, value: object, allowed: Iterable[str]) -> str:
    """Return `value` if it is one of the allowed names. Raises ValueError."""
    names = list(allowed)
    if not isinstance(value, str) or value not in names:
        raise ValueError(f"{name} must be one of {', '.join(names)}, not {value!r}.")
    return value
