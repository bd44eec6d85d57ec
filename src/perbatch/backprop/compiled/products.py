"""Products of matrices that lie in flat arrays, row by row, added to what is there."""

from __future__ import annotations

from typing import Any

from perbatch.backprop.compiled.jit import compiled
from perbatch.backprop.compiled.tiles import (
    ROWS,
    UNROLLED,
    lanes,
    narrow_lone,
    narrow_outer,
    narrow_tile,
    narrow_transposed,
    wide_lone,
    wide_outer,
    wide_tile,
    wide_transposed,
)

DEPTH = 128  # terms of the sums that are added at once, so that the rows they need stay in the first cache
HEIGHT = 256  # rows of A passed at once, so that they stay in the second


@compiled
def add_product(
    out: Any, out_at: int, out_row: int, a: Any, places: Any, first: int, rows: int, depth: int,
    b: Any, b_at: int, columns: int,
) -> None:  # fmt: skip
    """out (rows, columns) += A B, where row i of A (rows, depth) starts at places[first + i] of `a`.

    Row i of `out` starts at out_at + i * out_row; B (depth, columns) is dense and starts at b_at.
    """
    lane = lanes(b)
    for top in range(0, rows, HEIGHT):
        bottom = min(rows, top + HEIGHT)
        for k in range(0, depth, DEPTH):
            terms = min(DEPTH, depth - k)
            for j in range(0, columns, 2 * lane):
                at, left = b_at + k * columns + j, columns - j
                for i in range(top, bottom, ROWS):
                    to = out_at + i * out_row + j
                    if left > lane:
                        wide_tile(out, to, out_row, a, places, first + i, k, bottom - i, terms, b, at, columns, left)
                    else:
                        narrow_tile(out, to, out_row, a, places, first + i, k, bottom - i, terms, b, at, columns, left)


@compiled
def add_transposed_product(
    out: Any, out_at: int, a: Any, places: Any, first: int, rows: int, depth: int, b: Any, b_at: int, columns: int
) -> None:
    """out (rows, columns) += A^T B, where row i of A (depth, rows) starts at places[first + i] of `a`."""
    lane = lanes(b)
    for k in range(0, depth, DEPTH):
        terms = min(DEPTH, depth - k)
        for j in range(0, columns, 2 * lane):
            at, left = b_at + k * columns + j, columns - j
            for i in range(0, rows, ROWS):
                to = out_at + i * columns + j
                if left > lane:
                    wide_transposed(out, to, columns, a, places, first + k, i, rows - i, terms, b, at, columns, left)
                else:
                    narrow_transposed(out, to, columns, a, places, first + k, i, rows - i, terms, b, at, columns, left)


@compiled
def combine(
    out: Any, out_at: int, factors: Any, picked: Any, at: int, count: int, b: Any, b_at: int, columns: int
) -> None:
    """out (columns,) = sum over k of factors[k] * row picked[k] of B, for `count` of them from `at` on."""
    count = -(-count // UNROLLED) * UNROLLED
    if columns <= 4 * lanes(b):
        for j in range(0, columns, 2 * lanes(b)):
            narrow_lone(out, out_at + j, factors, picked, at, count, b, b_at + j, columns, columns - j)
    else:
        for j in range(0, columns, 8 * lanes(b)):
            wide_lone(out, out_at + j, factors, picked, at, count, b, b_at + j, columns, columns - j)


@compiled
def add_outer(
    out: Any, out_at: int, factors: Any, picked: Any, at: int, count: int, row: Any, row_at: int, columns: int
) -> None:
    """Row picked[k] of out += factors[k] * row, for `count` of them from `at` on: a product of two vectors."""
    if columns <= 4 * lanes(row):
        for j in range(0, columns, 2 * lanes(row)):
            narrow_outer(out, out_at + j, columns, factors, picked, at, count, row, row_at + j, columns - j)
    else:
        for j in range(0, columns, 8 * lanes(row)):
            wide_outer(out, out_at + j, columns, factors, picked, at, count, row, row_at + j, columns - j)
