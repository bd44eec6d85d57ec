"""Vectors of numbers in LLVM's own terms, for loops that keep their sums in registers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types

BYTES = 64  # of one vector; LLVM splits it where the processor's own are shorter
_WORD, _INT, _BIT = ir.IntType(64), ir.IntType(32), ir.IntType(1)


def lanes_of(array: types.Array) -> int:
    """Return how many of the array's numbers one vector holds."""
    return BYTES * 8 // array.dtype.bitwidth


class Vectors:
    """Writes the instructions for the leading `columns` numbers of a row, as `count` vectors.

    What lies beyond them is neither read nor written.
    """

    def __init__(self, context: Any, builder: Any, array: types.Array, columns: Any, count: int) -> None:
        """Work out which lanes count."""
        self._builder, self._lanes = builder, lanes_of(array)
        self._number = context.get_value_type(array.dtype)
        self._vector = ir.VectorType(self._number, self._lanes)
        self._masks = ir.VectorType(_BIT, self._lanes)
        self._name = f"v{self._lanes}f{array.dtype.bitwidth}"
        self.zero = ir.Constant(self._vector, [0.0] * self._lanes)
        numbers = ir.VectorType(_WORD, self._lanes)
        limit = self._spread(columns, numbers)
        starts = range(0, count * self._lanes, self._lanes)
        each = [ir.Constant(numbers, list(range(start, start + self._lanes))) for start in starts]
        self._counts = [builder.icmp_signed("<", one, limit) for one in each]

    def registers(self) -> list[Any]:
        """Make a row of sums, all zero."""
        row = [cgutils.alloca_once(self._builder, self._vector) for _ in self._counts]
        for register in row:
            self._builder.store(self.zero, register)
        return row

    def number(self, data: Any, at: Any) -> Any:
        """Read one number into every lane."""
        return self._spread(self._builder.load(self._builder.gep(data, [at])), self._vector)

    def read(self, data: Any, at: Any) -> list[Any]:
        """Read a row."""
        kind = ir.FunctionType(self._vector, [data.type, _INT, self._masks, self._vector])
        load = self._function(f"llvm.masked.load.{self._name}.p0", kind)
        return [
            self._builder.call(load, [place, _INT(self._align), counts, self.zero])
            for place, counts in self._places(data, at)
        ]

    def write(self, data: Any, at: Any, row: Iterable[Any]) -> None:
        """Write a row."""
        kind = ir.FunctionType(ir.VoidType(), [self._vector, data.type, _INT, self._masks])
        store = self._function(f"llvm.masked.store.{self._name}.p0", kind)
        for vector, (place, counts) in zip(row, self._places(data, at), strict=True):
            self._builder.call(store, [vector, place, _INT(self._align), counts])

    def multiply_add(self, factor: Any, row: list[Any], sums: list[Any]) -> list[Any]:
        """Return factor * row + sums, rounded once where the processor can."""
        kind = ir.FunctionType(self._vector, [self._vector] * 3)
        function = self._function(f"llvm.fmuladd.{self._name}", kind)
        return [
            self._builder.call(function, [factor, vector, total])
            for vector, total in zip(row, sums, strict=True)
        ]

    def add(self, row: list[Any], other: list[Any]) -> list[Any]:
        """Return the sum of two rows."""
        return [self._builder.fadd(a, b) for a, b in zip(row, other, strict=True)]

    def accumulate(self, registers: list[Any], factor: Any, row: list[Any]) -> None:
        """Add factor * row to a row of sums."""
        sums = self.multiply_add(factor, row, self.values(registers))
        for register, total in zip(registers, sums, strict=True):
            self._builder.store(total, register)

    def values(self, registers: list[Any]) -> list[Any]:
        """Read a row of sums."""
        return [self._builder.load(register) for register in registers]

    @property
    def _align(self) -> int:
        return BYTES // self._lanes

    def _places(self, data: Any, at: Any) -> list[tuple[Any, Any]]:
        starts = [self._builder.add(at, _WORD(i * self._lanes)) for i in range(len(self._counts))]
        return [
            (self._builder.gep(data, [start]), counts)
            for start, counts in zip(starts, self._counts, strict=True)
        ]

    def _spread(self, value: Any, kind: ir.VectorType) -> Any:
        one = self._builder.insert_element(ir.Constant(kind, ir.Undefined), value, _INT(0))
        pattern = ir.Constant(ir.VectorType(_INT, self._lanes), [0] * self._lanes)
        return self._builder.shuffle_vector(one, ir.Constant(kind, ir.Undefined), pattern)

    def _function(self, name: str, kind: ir.FunctionType) -> Any:
        return cgutils.get_or_insert_function(self._builder.module, kind, name)
