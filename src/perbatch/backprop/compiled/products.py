"""Products of matrices that lie in flat arrays, row by row, added to what is there.

The rows of every B and every result fill whole vectors: `width` is a multiple of the numbers in one.
"""

from __future__ import annotations

from typing import Any

from perbatch.backprop.compiled.jit import compiled
from perbatch.backprop.compiled.tiles import (
    ROWS,
    TERMS,
    VECTORS,
    WIDE,
    combine_1,
    combine_2,
    outer_1,
    outer_2,
    outer_8,
    tile_1,
    tile_2,
    tile_4,
    transposed_1,
    transposed_2,
    transposed_4,
    update_and_combine_1,
    update_and_combine_4,
    wide_combine_1,
    wide_combine_4,
)
from perbatch.backprop.compiled.vectors import BYTES, ROW_BYTES

MOST = 4 if BYTES == ROW_BYTES else 2  # vectors of a tile, as many as there are registers for
DEPTH = 128  # terms of the sums that are added at once, so that the rows they need stay in the first cache
HEIGHT = 256  # rows of A passed at once, so that they stay in the second


@compiled
def add_product(
    out: Any,
    out_at: int,
    a: Any,
    places: Any,
    first: int,
    rows: int,
    depth: int,
    b: Any,
    b_at: int,
    width: int,
) -> None:
    """out (rows, width) += A B, where row i of A (rows, depth) starts at places[first + i] of `a`."""
    lanes = BYTES // b.itemsize
    for top in range(0, rows, HEIGHT):
        bottom = min(rows, top + HEIGHT)
        for k in range(0, depth, DEPTH):
            terms = min(DEPTH, depth - k)
            j = 0
            while j < width:
                vectors = _vectors((width - j) // lanes)
                at = b_at + k * width + j
                for i in range(top, bottom, ROWS):
                    to = out_at + i * width + j
                    if vectors == 4:
                        tile_4(out, to, width, a, places, first + i, k, bottom - i, terms, b, at, width)
                    elif vectors == 2:
                        tile_2(out, to, width, a, places, first + i, k, bottom - i, terms, b, at, width)
                    else:
                        tile_1(out, to, width, a, places, first + i, k, bottom - i, terms, b, at, width)
                j += vectors * lanes


@compiled
def add_transposed_product(
    out: Any,
    out_at: int,
    a: Any,
    places: Any,
    first: int,
    rows: int,
    depth: int,
    b: Any,
    b_at: int,
    width: int,
) -> None:
    """out (rows, width) += A^T B, where row i of A (depth, rows) starts at places[first + i] of `a`."""
    lanes = BYTES // b.itemsize
    for k in range(0, depth, DEPTH):
        terms = min(DEPTH, depth - k)
        j = 0
        while j < width:
            vectors = _vectors((width - j) // lanes)
            at = b_at + k * width + j
            for i in range(0, rows, ROWS):
                to = out_at + i * width + j
                if vectors == 4:
                    transposed_4(out, to, width, a, places, first + k, i, rows - i, terms, b, at, width)
                elif vectors == 2:
                    transposed_2(out, to, width, a, places, first + k, i, rows - i, terms, b, at, width)
                else:
                    transposed_1(out, to, width, a, places, first + k, i, rows - i, terms, b, at, width)
            j += vectors * lanes


@compiled
def _vectors(left: int) -> int:
    """How wide the next tile is, with so many vectors left."""
    if left >= MOST:
        return MOST
    return 2 if left >= 2 else 1


@compiled
def combine(
    out: Any, out_at: int, factors: Any, picked: Any, at: int, count: int, b: Any, b_at: int, width: int
) -> None:
    """out (width,) += sum over k of factors[k] * row picked[k] of B, for `count` of them from `at` on.

    Zeros must follow them, up to a multiple of TERMS.
    """
    lanes = BYTES // b.itemsize
    j = 0
    if width * b.itemsize >= WIDE:
        while j < width:
            if width - j >= VECTORS * lanes:
                wide_combine_4(out, out_at + j, factors, picked, at, count, b, b_at + j, width)
                j += VECTORS * lanes
            else:
                wide_combine_1(out, out_at + j, factors, picked, at, count, b, b_at + j, width)
                j += lanes
        return
    count = -(-count // TERMS) * TERMS
    while j < width:
        if width - j >= 2 * lanes:
            combine_2(out, out_at + j, factors, picked, at, count, b, b_at + j, width)
            j += 2 * lanes
        else:
            combine_1(out, out_at + j, factors, picked, at, count, b, b_at + j, width)
            j += lanes


@compiled
def update_and_combine(
    out: Any, out_at: int, a: Any, before: int, now: int, picked: Any, at: int, count: int,
    b: Any, b_at: int, width: int, row: Any, row_at: int,
) -> None:  # fmt: skip
    """Row k of B += a[before + k] * row, then out (width,) += a[now + k] * row k of B, for the rows picked.

    One pass over B where `add_outer` and then `combine` make two. The rows are at least WIDE.
    """
    lanes = BYTES // b.itemsize
    j = 0
    while j < width:
        to, start, part = out_at + j, b_at + j, row_at + j
        if width - j >= VECTORS * lanes:
            update_and_combine_4(out, to, a, before, now, picked, at, count, b, start, width, row, part)
            j += VECTORS * lanes
        else:
            update_and_combine_1(out, to, a, before, now, picked, at, count, b, start, width, row, part)
            j += lanes


@compiled
def add_outer(
    out: Any, out_at: int, factors: Any, picked: Any, at: int, count: int, row: Any, row_at: int, width: int
) -> None:
    """Row picked[k] of out += factors[k] * row, for `count` of them from `at` on."""
    lanes = BYTES // row.itemsize
    j = 0
    while j < width:
        left = (width - j) // lanes
        if left >= 8:
            outer_8(out, out_at + j, width, factors, picked, at, count, row, row_at + j)
            j += 8 * lanes
        elif left >= 2:
            outer_2(out, out_at + j, width, factors, picked, at, count, row, row_at + j)
            j += 2 * lanes
        else:
            outer_1(out, out_at + j, width, factors, picked, at, count, row, row_at + j)
            j += lanes
