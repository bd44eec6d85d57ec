"""What is done to one number at a time: exponentials, activations and their slopes.

Written out, not called from a library, so that LLVM does several numbers at once, with the same bits on every
processor.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import types

from perbatch.backprop.compiled.jit import by_type, compiled

ACTIVATIONS = ("relu", "tanh", "sigmoid", "identity")
RELU, TANH, SIGMOID, IDENTITY = range(4)

_LOG2E = math.log2(math.e)
# Adding this leaves the nearest whole number in the last bits of the sum.
_ROUND64, _ROUND32 = 1.5 * 2.0**52, np.float32(1.5 * 2.0**23)
# ln 2 in two parts, the first short enough that small multiples of it are exact.
_LN2_64, _LN2_32 = 0.693145751953125, np.float32(0.693359375)
_REST64, _REST32 = 1.42860682030941723e-6, np.float32(-2.12194440e-4)
_C = tuple(1.0 / math.factorial(k) for k in range(14))
_S = tuple(np.float32(c) for c in _C)
_LOG2E32, _HALF32 = np.float32(_LOG2E), np.float32(0.5)


def exponential(x: Any) -> Any:
    """Return e^x for x <= 0, to the last bit; no less than about the smallest normal number.

    x = n ln 2 + r with |r| <= ln 2 / 2, and e^x = 2^n times Taylor's series for e^r.
    """
    raise NotImplementedError


@by_type(exponential)
def _exponential(x: Any) -> Any:
    return _exponential32 if x == types.float32 else _exponential64


def _exponential64(x: Any) -> Any:
    x = -708.0 if x < -708.0 else x
    shifted = x * _LOG2E + _ROUND64
    n = shifted - _ROUND64
    r = (x - n * _LN2_64) - n * _REST64
    power = np.int64((np.float64(shifted).view(np.int64) + 1023) << 52).view(np.float64)
    p = _C[12] + r * _C[13]
    p = _C[10] + r * (_C[11] + r * p)
    p = _C[7] + r * (_C[8] + r * (_C[9] + r * p))
    p = _C[4] + r * (_C[5] + r * (_C[6] + r * p))
    p = _C[1] + r * (_C[2] + r * (_C[3] + r * p))
    return power * (1.0 + r * p)


def _exponential32(x: Any) -> Any:
    x = np.float32(-87.0) if x < np.float32(-87.0) else x
    shifted = x * _LOG2E32 + _ROUND32
    n = shifted - _ROUND32
    r = (x - n * _LN2_32) - n * _REST32
    power = np.int32((np.float32(shifted).view(np.int32) + 127) << 23).view(np.float32)
    p = _S[4] + r * (_S[5] + r * (_S[6] + r * _S[7]))
    p = _S[1] + r * (_S[2] + r * (_S[3] + r * p))
    return power * (_S[0] + r * p)


@compiled
def copy(numbers: Any, to: Any) -> None:
    """Copy numbers to an array of the same length."""
    for j in range(len(to)):
        to[j] = numbers[j]


@compiled
def squared_norm(numbers: Any) -> float:
    """Return the sum of squares, in four sums side by side, which hides the time that an addition takes."""
    a = b = c = d = 0.0
    whole = len(numbers) // 4 * 4
    for j in range(0, whole, 4):
        a += numbers[j] * numbers[j]
        b += numbers[j + 1] * numbers[j + 1]
        c += numbers[j + 2] * numbers[j + 2]
        d += numbers[j + 3] * numbers[j + 3]
    for j in range(whole, len(numbers)):
        a += numbers[j] * numbers[j]
    return (a + b) + (c + d)


@compiled
def activate(code: int, values: Any) -> None:
    """Apply the activation in place."""
    number = values.dtype.type  # without it whole numbers make float64 of float32
    zero, one, two = number(0), number(1), number(2)
    if code == RELU:
        for j in range(len(values)):
            values[j] = zero if values[j] < zero else values[j]  # a NaN stays
    elif code == TANH:
        for j in range(len(values)):
            e = exponential(-two * abs(values[j]))
            values[j] = math.copysign((one - e) / (one + e), values[j])
    elif code == SIGMOID:
        for j in range(len(values)):
            e = exponential(-abs(values[j]))
            values[j] = (one if values[j] >= zero else e) / (one + e)  # cannot overflow


@compiled
def times_slope(code: int, values: Any, deltas: Any) -> None:
    """Multiply the deltas by the activation's slope, which its own values tell."""
    zero, one = values.dtype.type(0), values.dtype.type(1)
    if code == RELU:
        for j in range(len(values)):
            deltas[j] = deltas[j] if values[j] != zero else zero
    elif code == TANH:
        for j in range(len(values)):
            deltas[j] *= one - values[j] * values[j]
    elif code == SIGMOID:
        for j in range(len(values)):
            deltas[j] *= values[j] * (one - values[j])
