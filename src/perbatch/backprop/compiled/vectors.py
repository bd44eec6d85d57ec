"""Vectors of numbers in LLVM's own terms, for loops that keep their sums in registers."""

from __future__ import annotations

from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils

ROW_BYTES = 64  # rows are filled up to a multiple of it, on every processor
# Of one vector: twice as much on processors with AVX-512, whose registers are longer and more.
BYTES = ROW_BYTES if binding.get_host_cpu_features().get("avx512f") else 32
WORD, _INT = ir.IntType(64), ir.IntType(32)


def lanes_of(bits: int) -> int:
    """Return how many numbers of so many bits one vector holds."""
    return BYTES * 8 // bits


class Vectors:
    """Writes the instructions for rows of `count` vectors that start where a vector may."""

    def __init__(self, context: Any, builder: Any, array: types.Array, count: int) -> None:
        """Take the kind of numbers from the type of an array."""
        self._builder, self._lanes = builder, lanes_of(array.dtype.bitwidth)
        self._vector = ir.VectorType(context.get_value_type(array.dtype), self._lanes)
        self._name = f"llvm.fmuladd.v{self._lanes}f{array.dtype.bitwidth}"
        self._starts = [WORD(i * self._lanes) for i in range(count)]

    def registers(self) -> list[Any]:
        """Make a row of sums, all zero."""
        row = [cgutils.alloca_once(self._builder, self._vector) for _ in self._starts]
        for register in row:
            self._builder.store(ir.Constant(self._vector, [0.0] * self._lanes), register)
        return row

    def values(self, registers: list[Any]) -> list[Any]:
        """Read a row of sums."""
        return [self._builder.load(register) for register in registers]

    def accumulate(self, registers: list[Any], factor: Any, row: list[Any]) -> None:
        """Add factor * row to a row of sums."""
        sums = self.multiply_add(factor, row, self.values(registers))
        for register, total in zip(registers, sums, strict=True):
            self._builder.store(total, register)

    def number(self, data: Any, at: Any) -> Any:
        """Read one number into every lane."""
        number = self._builder.load(self._builder.gep(data, [at]))
        nothing = ir.Constant(self._vector, ir.Undefined)
        first = self._builder.insert_element(nothing, number, _INT(0))
        pattern = ir.Constant(ir.VectorType(_INT, self._lanes), [0] * self._lanes)
        return self._builder.shuffle_vector(first, nothing, pattern)

    def read(self, data: Any, at: Any) -> list[Any]:
        """Read a row."""
        return [self._builder.load(place, align=BYTES) for place in self._places(data, at)]

    def write(self, data: Any, at: Any, row: list[Any]) -> None:
        """Write a row."""
        for vector, place in zip(row, self._places(data, at), strict=True):
            self._builder.store(vector, place, align=BYTES)

    def multiply_add(self, factor: Any, row: list[Any], sums: list[Any]) -> list[Any]:
        """Return factor * row + sums, rounded once where the processor can."""
        kind = ir.FunctionType(self._vector, [self._vector] * 3)
        function = cgutils.get_or_insert_function(self._builder.module, kind, self._name)
        return [self._builder.call(function, [factor, *pair]) for pair in zip(row, sums, strict=True)]

    def add(self, row: list[Any], other: list[Any]) -> list[Any]:
        """Return the sum of two rows."""
        return [self._builder.fadd(*pair) for pair in zip(row, other, strict=True)]

    def _places(self, data: Any, at: Any) -> list[Any]:
        starts = [self._builder.add(at, start) for start in self._starts]
        kind = self._vector.as_pointer()
        return [self._builder.bitcast(self._builder.gep(data, [start]), kind) for start in starts]
