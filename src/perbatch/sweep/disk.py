"""What disk a sweep needs, said before it starts where that is much."""

import os
import shutil
from pathlib import Path

MUCH = 10**9
"""Bytes from which on it is said."""

COPIES = 2
"""Of a run's weights: in its folder, and as an artifact in MLflow."""


def sentence(missing: int, table: int, root: Path) -> str | None:
    """Say what a sweep needs on the disk of `root`; None where that is little.

    `missing` are the bytes of the weights of the runs to train, `table` those of the sweep's table of all.
    """
    needed = COPIES * missing + table
    if needed < MUCH:
        return None
    free = shutil.disk_usage(_existing(root)).free
    text = f"the weights of this sweep's runs need about {_size(needed)} of disk; {_size(free)} are free"
    return f"{text}: make room, or sweep fewer or smaller networks" if needed > free else text


def _existing(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if os.path.isdir(each))


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= MUCH else f"{count / 1e6:.0f} MB"
