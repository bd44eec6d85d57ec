"""A user's own images: a folder, in it a folder for each class, in that its images."""

import logging
import os
from pathlib import Path

import numpy as np

from perbatch import checks
from perbatch.advice import image_size
from perbatch.data.given import is_text, missing, path_of
from perbatch.data.pixels import SIDE, decode, resized
from perbatch.data.problems import counted, listed, refuse
from perbatch.data.progress import each_of
from perbatch.data.source import Source
from perbatch.data.spelling import say_alike
from perbatch.errors import UserError

log = logging.getLogger(__name__)

FILE_BYTES = 64 * 2**20
BYTES = 2**33
"""How much memory all images may need, as one byte a pixel."""
LEFTOVERS = (
    "thumbs.db",
    "ehthumbs.db",
    "ehthumbs_vista.db",
    "desktop.ini",
    "icon\r",
    "picasa.ini",
    "zbthumbnail.info",
    "__macosx",
    "@eadir",
    "#recycle",
    "#snapshot",
    "$recycle.bin",
    "system volume information",
    "lost+found",
    "network trash folder",
    "temporary items",
    "__pycache__",
)
"""In lower case, what Windows, macOS, archives made there, network disks, Picasa and Python leave."""


def read(path: str, size: int | None = None, licence: str = "not stated") -> Source:
    """Classification: grey values 0 (black) to 255, a class a folder and called as it.

    `size` makes every image `size` x `size` pixels; None needs them to be of one size. Colour becomes grey,
    transparent is white, of a telephone's several frames the first is taken. What is hidden, or left there by
    a desktop, is skipped and said. A UserError names all files that cannot be used, and what is wrong.
    """
    folder = path_of(path)
    if size is not None and not checks.whole(size, 1, SIDE):
        raise UserError(f"data.reader.size is {size!r}; allowed is an integer from 1 to {SIDE}, or null")
    if not folder.is_dir():
        raise missing(folder, "folder")
    skipped: list[Path] = []
    classes = _classes(folder, skipped)
    files, labels = _files(classes, skipped)
    if names := [entry.relative_to(folder).as_posix() for entry in skipped]:
        log.info("skipped in %s, as no image of a class: %s", folder.name, listed(names))
    say_alike([entry.name for entry in classes], str(folder))
    X = _pixels(files, size)
    return Source(
        X=X.reshape(len(X), -1),
        y=np.array(labels, dtype=np.int64),
        classes=tuple(entry.name for entry in classes),
        feature_names=tuple(f"pixel_{row}_{column}" for row, column in np.ndindex(X.shape[1:])),
        title=folder.resolve().name,
        origin=f"the user's own folder of images {folder.resolve().name}",
        licence=licence,
        image_shape=X.shape[1:],
    )


def _classes(folder: Path, skipped: list[Path]) -> list[Path]:
    """The folders of the classes, whose names are the classes' own."""
    entries = _entries(folder, skipped)
    skipped += [entry for entry in entries if not entry.is_dir()]
    classes = [entry for entry in entries if entry.is_dir()]
    if unreadable := [ascii(entry.name) for entry in classes if not is_text(entry.name)]:
        raise UserError(
            f"{folder} has {counted(len(unreadable), 'folder')} whose name is not text in UTF-8, and a class "
            f"is called as its folder: {listed(unreadable)}"
        )
    if len(classes) < 2:
        raise UserError(f"{folder} has {len(classes)} folders; at least two are needed, one for each class")
    return classes


def _files(classes: list[Path], skipped: list[Path]) -> tuple[list[Path], list[int]]:
    """All images and the number of each one's class."""
    files: list[Path] = []
    labels: list[int] = []
    problems = []
    for label, folder in enumerate(classes):
        own = _entries(folder, skipped)
        if not own:
            problems.append(f"{folder} is empty; every class needs images")
        problems += [
            f"{file} is not a file; the folder of a class holds images only"
            for file in own
            if not file.is_file()
        ]
        files += own
        labels += [label] * len(own)
    _refuse(problems)
    return files, labels


def _entries(folder: Path, skipped: list[Path]) -> list[Path]:
    """What is in a folder but leftovers, in the same order on every machine."""
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise UserError(f"{folder} cannot be read ({error.strerror})") from None
    skipped += filter(_is_leftover, entries)
    return [entry for entry in entries if not _is_leftover(entry)]


def _pixels(files: list[Path], size: int | None) -> np.ndarray:
    """(n, height, width) uint8, filled an image at a time; all that cannot be used are refused together."""
    X: np.ndarray | None = None
    first, problems = 0, []
    for number, file in enumerate(each_of(files, "reading images")):
        try:
            image = _grey(file, size)
        except UserError as error:
            problems.append(str(error))
            continue
        if X is None:
            first = number
            if len(files) * image.size > BYTES:
                raise UserError(f"{len(files)} images of {image.size} pixels need more than {BYTES} bytes")
            X = np.empty((len(files), *image.shape), dtype=np.uint8)
        if image.shape == X.shape[1:]:
            X[number] = image
            continue
        (height, width), (first_height, first_width) = image.shape, X.shape[1:]
        problems.append(
            f"{file} has {width} x {height} pixels and {files[first]} {first_width} x {first_height}: "
            f"{image_size(min(first_height, first_width, SIDE))} makes all of one size"
        )
    _refuse(problems)
    assert X is not None
    return X


def _refuse(problems: list[str]) -> None:
    """One problem as it is; several with their count, and the first ten."""
    if len(problems) > 1:
        problems = [f"{len(problems)} entries of the folders of classes cannot be used: {listed(problems)}"]
    refuse(problems)


def _grey(file: Path, size: int | None) -> np.ndarray:
    where = str(file) if is_text(str(file)) else ascii(str(file))
    try:
        with file.open("rb", buffering=0) as stream:
            if (size_on_disk := os.fstat(stream.fileno()).st_size) > FILE_BYTES:
                raise UserError(f"{where} has {size_on_disk} bytes; allowed are {FILE_BYTES}")
            content = stream.readall()
    except OSError as error:
        raise UserError(f"{where} cannot be read ({error.strerror})") from None
    image = decode(content, where)
    return image if size is None else resized(image, size)


def _is_leftover(path: Path) -> bool:
    """Whether an entry of a folder is hidden, a lock of an office program, or one of `LEFTOVERS`."""
    name = path.name.lower()
    return name.startswith((".", "~$")) or name in LEFTOVERS
