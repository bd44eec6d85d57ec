"""The `.npy` format, read without trust: no pickle, no room made before the header is judged."""

import io
import warnings
from typing import IO

import numpy as np

from perbatch.data.progress import bar
from perbatch.errors import UserError

BYTES = 2**33
"""How much memory one array may need."""

_BLOCK = 2**18
"""Bytes that are read at once: few enough to stay in a processor's cache until they are in the array."""


def read_npy(file: IO[bytes], size: int, where: str) -> np.ndarray:
    """The array of numbers, yes/no or text in the `size` bytes of a file; a UserError says what is wrong."""
    start = file.read(10)
    header = start + file.read(int.from_bytes(start[8:10], "little"))
    shape, fortran, dtype = _parsed(header, where)
    if dtype.hasobject or dtype.kind not in "biufUS" or dtype.itemsize == 0:
        raise UserError(f"{where} has the type {dtype}; allowed are numbers, yes/no and text")
    needed = int(np.prod(shape, dtype=object)) * dtype.itemsize
    if needed > BYTES:
        raise UserError(f"{where} has {needed} bytes; allowed are {BYTES}")
    if len(header) + needed != size:
        raise UserError(f"{where} is damaged: its header says {needed} bytes, {size - len(header)} follow")
    array = np.empty(shape[::-1] if fortran else shape, dtype=dtype)
    _fill(array.reshape(-1).view(np.uint8), file, where)
    _check_values(array, where)
    return array.T if fortran else array


def _parsed(header: bytes, where: str) -> tuple[tuple[int, ...], bool, np.dtype]:
    stream = io.BytesIO(header)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            version = np.lib.format.read_magic(stream)
            if version != (1, 0):  # others are for names of columns, which no array here has
                raise ValueError(version)
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
            if min(shape, default=0) < 0:
                raise ValueError(shape)
    except Exception:  # a flipped byte in the header makes NumPy's parser raise nearly anything
        raise UserError(f"{where} is no .npy array, or its header is damaged") from None
    return shape, fortran, dtype


def _fill(content: np.ndarray, file: IO[bytes], where: str) -> None:
    done, room = 0, content.data
    with bar(f"reading {where}", len(content)) as shown:
        while block := file.read(min(_BLOCK, len(content) - done)):
            room[done : done + len(block)] = block
            done += len(block)
            shown.update(len(block))
    # This last read of nothing, at the end, is where an archive checks its checksum.
    if done < len(content) or file.read(1):
        raise UserError(f"{where} is damaged: it ends after {done} of {len(content)} bytes")


def _check_values(array: np.ndarray, where: str) -> None:
    """Refuse bytes that are no value of their type: no array that NumPy wrote has them."""
    wrong = False
    if array.dtype.kind == "b":
        wrong = bool((array.view(np.uint8) > 1).any())
    if array.dtype.kind == "U":
        codes = np.frombuffer(array.tobytes(), dtype=array.dtype.str[0] + "u4")
        wrong = bool(((codes > 0x10FFFF) | ((codes >= 0xD800) & (codes < 0xE000))).any())
    if wrong:
        raise UserError(f"{where} is damaged: it holds what is no value of the type {array.dtype}")
