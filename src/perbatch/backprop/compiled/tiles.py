"""The innermost loops of the products: a few rows of the result, whose sums stay in registers.

Numba's own loops read and write every sum at every term, since its arrays might overlap. Here each sum runs
in the order of its terms, one fused multiply-add a term, and meets memory once: neither the size of a tile
nor the length of a processor's vectors changes a bit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from perbatch.backprop.compiled.vectors import WORD, Vectors

ROWS = 4  # of a tile: with two vectors, enough independent sums to hide the time that an addition takes
WIDE = 256  # bytes: a lone row at least so wide has enough sums of its own
VECTORS = 4  # of which it takes so many at once
TERMS = 4  # of a narrower lone row's sums, that run side by side, for the same reason
_int = types.int64


def _tile(vectors: int, transposed: bool) -> Callable[..., None]:
    """Make the intrinsic that adds A B to up to ROWS rows of `out`, `vectors` vectors wide.

    Element (r, k) of A is a[places[first + r] + column + k], or a[places[first + k] + column + r] if
    transposed; row k of B starts at b_at + k * b_row, row r of `out` at out_at + r * out_row.
    """

    @intrinsic
    def add_product(
        typing: Any, out: Any, out_at: Any, out_row: Any, a: Any, places: Any, first: Any, column: Any,
        rows: Any, depth: Any, b: Any, b_at: Any, b_row: Any,
    ) -> Any:  # fmt: skip
        kinds = (out, _int, _int, a, places, _int, _int, _int, _int, b, _int, _int)

        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            out, out_at, out_row, a, places, first, column, rows, depth, b, b_at, b_row = _unpacked(
                context, builder, kinds, arguments
            )
            vector = Vectors(context, builder, kinds[0], vectors)
            last = builder.sub(rows, WORD(1))
            each = [_least(builder, WORD(r), last) for r in range(ROWS)]  # rows beyond repeat the last
            sums = [vector.registers() for _ in each]

            def place(i: Any) -> Any:
                start = builder.load(builder.gep(places, [builder.add(first, i)]))
                return builder.add(start, column)

            fixed = each if transposed else [place(r) for r in each]
            with cgutils.for_range(builder, depth) as loop:
                moving = place(loop.index) if transposed else loop.index
                row = vector.read(b, builder.add(b_at, builder.mul(loop.index, b_row)))
                for registers, start in zip(sums, fixed, strict=True):
                    vector.accumulate(registers, vector.number(a, builder.add(start, moving)), row)
            starts = [builder.add(out_at, builder.mul(r, out_row)) for r in each]
            before = [vector.read(out, start) for start in starts]
            for start, row, registers in zip(starts, before, sums, strict=True):
                vector.write(out, start, vector.add(row, vector.values(registers)))
            return context.get_dummy_value()

        return types.void(*kinds), build

    return add_product


def _combination(vectors: int, side_by_side: int) -> Callable[..., None]:
    """Make the intrinsic that adds the sum over k of factors[k] times row picked[k] of `b` to `out`.

    `count` terms from `at` on, a multiple of TERMS.
    """

    @intrinsic
    def combine(
        typing: Any, out: Any, out_at: Any, factors: Any, picked: Any, at: Any, count: Any,
        b: Any, b_at: Any, b_row: Any,
    ) -> Any:  # fmt: skip
        kinds = (out, _int, factors, picked, _int, _int, b, _int, _int)

        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            out, out_at, factors, picked, at, count, b, b_at, b_row = _unpacked(
                context, builder, kinds, arguments
            )
            vector = Vectors(context, builder, kinds[0], vectors)
            sums = [vector.registers() for _ in range(side_by_side)]
            with cgutils.for_range(builder, builder.sdiv(count, WORD(side_by_side))) as loop:
                start = builder.add(at, builder.mul(loop.index, WORD(side_by_side)))
                for i, registers in enumerate(sums):
                    k = builder.add(start, WORD(i))
                    row = builder.mul(builder.load(builder.gep(picked, [k])), b_row)
                    vector.accumulate(
                        registers, vector.number(factors, k), vector.read(b, builder.add(b_at, row))
                    )
            total = vector.read(out, out_at)
            for registers in sums:
                total = vector.add(total, vector.values(registers))
            vector.write(out, out_at, total)
            return context.get_dummy_value()

        return types.void(*kinds), build

    return combine


def _update_and_combine(vectors: int) -> Callable[..., None]:
    """Make the intrinsic that adds a[before + k] * row to row k of `b`, then a[now + k] times row k to `out`.

    For the `count` rows k that `picked` names from `at` on, each read and written once: what `add_outer` and
    then `combine` do, to the bit.
    """

    @intrinsic
    def update_and_combine(
        typing: Any, out: Any, out_at: Any, a: Any, before: Any, now: Any, picked: Any, at: Any, count: Any,
        b: Any, b_at: Any, b_row: Any, row: Any, row_at: Any,
    ) -> Any:  # fmt: skip
        kinds = (out, _int, a, _int, _int, picked, _int, _int, b, _int, _int, row, _int)

        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            out, out_at, a, before, now, picked, at, count, b, b_at, b_row, row, row_at = _unpacked(
                context, builder, kinds, arguments
            )
            vector = Vectors(context, builder, kinds[0], vectors)
            numbers, sums = vector.read(row, row_at), vector.registers()
            with cgutils.for_range(builder, count) as loop:
                k = builder.load(builder.gep(picked, [builder.add(at, loop.index)]))
                start = builder.add(b_at, builder.mul(k, b_row))
                factor = vector.number(a, builder.add(before, k))
                updated = vector.multiply_add(factor, numbers, vector.read(b, start))
                vector.write(b, start, updated)
                vector.accumulate(sums, vector.number(a, builder.add(now, k)), updated)
            vector.write(out, out_at, vector.add(vector.read(out, out_at), vector.values(sums)))
            return context.get_dummy_value()

        return types.void(*kinds), build

    return update_and_combine


def _outer(vectors: int) -> Callable[..., None]:
    """Make the intrinsic that adds factors[k] * row to row picked[k] of `out`, for `count` of them."""

    @intrinsic
    def add_outer(
        typing: Any, out: Any, out_at: Any, out_row: Any, factors: Any, picked: Any, at: Any, count: Any,
        row: Any, row_at: Any,
    ) -> Any:  # fmt: skip
        kinds = (out, _int, _int, factors, picked, _int, _int, row, _int)

        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            out, out_at, out_row, factors, picked, at, count, row, row_at = _unpacked(
                context, builder, kinds, arguments
            )
            vector = Vectors(context, builder, kinds[0], vectors)
            numbers = vector.read(row, row_at)
            with cgutils.for_range(builder, count) as loop:
                k = builder.add(at, loop.index)
                start = builder.add(out_at, builder.mul(builder.load(builder.gep(picked, [k])), out_row))
                before = vector.read(out, start)
                vector.write(out, start, vector.multiply_add(vector.number(factors, k), numbers, before))
            return context.get_dummy_value()

        return types.void(*kinds), build

    return add_outer


def _unpacked(context: Any, builder: Any, kinds: tuple[Any, ...], values: Any) -> list[Any]:
    """The arguments, an array as the place of its numbers."""
    return [
        context.make_array(kind)(context, builder, value).data if isinstance(kind, types.Array) else value
        for kind, value in zip(kinds, values, strict=True)
    ]


def _least(builder: Any, a: Any, b: Any) -> Any:
    return builder.select(builder.icmp_signed("<", a, b), a, b)


tile_1, tile_2, tile_4 = (_tile(vectors, transposed=False) for vectors in (1, 2, 4))
transposed_1, transposed_2, transposed_4 = (_tile(vectors, transposed=True) for vectors in (1, 2, 4))
combine_1, combine_2 = _combination(1, TERMS), _combination(2, TERMS)
wide_combine_1, wide_combine_4 = _combination(1, 1), _combination(VECTORS, 1)
update_and_combine_1, update_and_combine_4 = _update_and_combine(1), _update_and_combine(VECTORS)
outer_1, outer_2, outer_8 = _outer(1), _outer(2), _outer(8)
