"""IDX, the format of MNIST's files: a magic number, the dimensions, then unsigned bytes; packed by gzip."""

import gzip
import zlib
from math import prod
from pathlib import Path

import numpy as np

from perbatch.errors import UserError

UNSIGNED_BYTE = 0x08
BYTES = 2**30
"""How much a file may hold, unpacked."""


def read_idx(path: Path) -> np.ndarray:
    """The array (uint8) of a gzipped IDX file; a UserError says what is damaged or not allowed."""
    try:
        with gzip.open(path) as file:
            shape = _shape(path, file)
            size = prod(shape)
            if size > BYTES:
                raise UserError(f"{path} says that it holds {size} bytes; allowed are {BYTES}")
            # One byte more than there should be: reaching the end also checks gzip's checksum.
            data = file.read(size + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path} is damaged or not packed by gzip ({error})") from None
    if len(data) != size:
        found = "more" if len(data) > size else str(len(data))
        raise UserError(f"{path} is damaged: its header says {size} bytes, {found} follow")
    return np.frombuffer(data, dtype=np.uint8).reshape(shape)


def _shape(path: Path, file: gzip.GzipFile) -> tuple[int, ...]:
    """The dimensions that the header gives: 00 00, type, their number, then four bytes each."""
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] != UNSIGNED_BYTE or not 1 <= magic[3] <= 4:
        raise UserError(
            f"{path} is no IDX file of unsigned bytes: it begins with {magic.hex(' ') or 'nothing'}, "
            "needed is 00 00 08 and a number of dimensions from 1 to 4"
        )
    sizes = file.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise UserError(f"{path} is damaged: it ends within its header")
    return tuple(int.from_bytes(sizes[i : i + 4], "big") for i in range(0, len(sizes), 4))
