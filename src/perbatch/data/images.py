"""A user's own images: a folder, in it a folder for each class, in that its images."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from perbatch.data.given import missing, path_of
from perbatch.data.pixels import SIDE, decode, resized
from perbatch.data.source import Source
from perbatch.errors import UserError

FILE_BYTES = 64 * 2**20
BYTES = 2**33
"""How much memory all images may need, as one byte a pixel."""


def read(path: str, size: int | None = None, licence: str = "not stated") -> Source:
    """Classification: grey values 0 (black) to 255, a class a folder and called as it.

    `size` makes every image `size` x `size` pixels; None needs them to be of one size. Colour becomes grey,
    transparent is white. What begins with a dot is no image. A UserError names the file and what is wrong.
    """
    folder = path_of(path)
    if size is not None and (isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= SIDE):
        raise UserError(f"data.reader.size is {size!r}; allowed is an integer from 1 to {SIDE}, or null")
    if not folder.is_dir():
        raise missing(folder, "folder")
    classes = [entry for entry in _entries(folder) if entry.is_dir()]
    if len(classes) < 2:
        raise UserError(f"{folder} has {len(classes)} folders; at least two are needed, one for each class")
    files = [(file, label) for label, entry in enumerate(classes) for file in _images(entry)]
    X = _pixels([file for file, _ in files], size)
    return Source(
        X=X.reshape(len(X), -1),
        y=np.array([label for _, label in files], dtype=np.int64),
        classes=tuple(entry.name for entry in classes),
        feature_names=tuple(f"pixel_{row}_{column}" for row, column in np.ndindex(X.shape[1:])),
        title=folder.resolve().name,
        origin=f"the user's own folder of images {folder.resolve().name}",
        licence=licence,
        image_shape=X.shape[1:],
    )


def _images(folder: Path) -> list[Path]:
    files = _entries(folder)
    if not files:
        raise UserError(f"{folder} is empty; every class needs images")
    for file in files:
        if not file.is_file():
            raise UserError(f"{file} is not a file; the folder of a class holds images only")
    return files


def _entries(folder: Path) -> list[Path]:
    """What is in a folder, in the same order on every machine."""
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise UserError(f"{folder} cannot be read ({error.strerror})") from None
    return [folder / name for name in names if not name.startswith(".")]


def _pixels(files: list[Path], size: int | None) -> np.ndarray:
    """(n, height, width) uint8, filled an image at a time."""
    first = _grey(files[0], size)
    if len(files) * first.size > BYTES:
        raise UserError(f"{len(files)} images of {first.size} pixels need more than {BYTES} bytes")
    X = np.empty((len(files), *first.shape), dtype=np.uint8)
    for number, file in enumerate(files):
        image = _grey(file, size)
        if image.shape != first.shape:
            (height, width), (first_height, first_width) = image.shape, first.shape
            raise UserError(
                f"{file} has {width} x {height} pixels and {files[0]} {first_width} x {first_height}: set "
                "data.reader.size to make all of one size"
            )
        X[number] = image
    return X


def _grey(file: Path, size: int | None) -> np.ndarray:
    try:
        if file.stat().st_size > FILE_BYTES:
            raise UserError(f"{file} has {file.stat().st_size} bytes; allowed are {FILE_BYTES}")
        content = file.read_bytes()
    except OSError as error:
        raise UserError(f"{file} cannot be read ({error.strerror})") from None
    image = decode(content, str(file))
    return image if size is None else resized(image, size)
