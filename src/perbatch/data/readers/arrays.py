"""A user's own NumPy arrays: an `.npz` file, or a folder of `.npy` files."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from perbatch.data.archives import open_zip
from perbatch.data.cells import LARGEST_WHOLE
from perbatch.data.faults import Faults
from perbatch.data.frames import Frame
from perbatch.data.given import alike, names, path_of
from perbatch.data.labels import as_target
from perbatch.data.npy import read_npy
from perbatch.data.problems import together
from perbatch.data.source import Source
from perbatch.errors import UserError


def read(
    path: str,
    X: str = "X",
    y: str = "y",
    task: str | None = None,
    drop: Sequence[str] = (),
    licence: str = "not stated",
) -> Source:
    """The arrays called `X` (n, ...) and `y` (n,); more dimensions of X than two are those of an image.

    Column 3 of X is the feature `x3`; those of `drop` are left out. Text, yes/no and at most 20 different
    whole numbers in y are classes unless `task` says otherwise. A UserError names the file and all that is
    wrong; nothing in it is ever executed (no pickle).
    """
    file, dropped = path_of(path), names("drop", drop)
    features, targets = (_plain(_stored(file, name), f"{name} of {file.name}") for name in (X, y))
    if features.ndim < 2 or 0 in features.shape:
        raise UserError(f"{X} of {file.name} has the shape {features.shape}; (n, features) is needed")
    if targets.ndim == 2 and targets.shape[1] == 1:
        targets = targets[:, 0]
    if targets.ndim != 1 or len(targets) != len(features):
        raise UserError(
            f"{y} of {file.name} has the shape {targets.shape}; ({len(features)},) is needed, since {X} has "
            f"the shape {features.shape}"
        )
    image = features.shape[1:] if features.ndim > 2 else None
    flat, kept = _kept(_as_features(features, f"{X} of {file.name}"), dropped, image, f"{X} of {file.name}")
    # A pixel may be the same in all images, as at their border; a column of a table may not.
    frame = Frame(kept, flat, {}, [], targets, lambda row: f"row {row + 1} ({X}[{row}])")
    problems = Faults(frame, f"{X} of {file.name}", constants=image is not None).clauses(dropped)
    with together(problems):
        labels, classes, task = as_target(
            targets, task, f"{y} of {file.name}", lambda row: f"row {row + 1} ({y}[{row}])"
        )
    return Source(
        X=flat,
        y=labels,
        classes=classes,
        feature_names=tuple(kept),
        title=file.name,
        origin=f"the user's own arrays {file.name}, {task}",
        licence=licence,
        image_shape=image,
    )


def _kept(
    X: np.ndarray, dropped: tuple[str, ...], image: tuple[int, ...] | None, where: str
) -> tuple[np.ndarray, list[str]]:
    """The columns (n, d) that are not dropped, and what they are called."""
    flat = X.reshape(len(X), -1)
    every = [f"x{column}" for column in range(flat.shape[1])]
    if not dropped:
        return flat, every
    if image is not None:
        raise UserError(f"data.reader.drop is {list(dropped)}; {where} holds images, which stay whole")
    if unknown := set(dropped) - set(every):
        raise UserError(f"{where} has no column {min(unknown)!r}; it has {every[0]!r} to {every[-1]!r}")
    places = [place for place, name in enumerate(every) if name not in set(dropped)]
    if not places:
        raise UserError(f"data.reader.drop leaves no column of {where}; at least one is needed")
    return flat[:, places], [every[place] for place in places]


def _as_features(X: np.ndarray, where: str) -> np.ndarray:
    if X.dtype.kind not in "biuf" or X.dtype.itemsize > 8:
        raise UserError(f"{where} has the type {X.dtype}; numbers of at most 64 bits are needed")
    if X.dtype.kind in "iu" and (X.max() > LARGEST_WHOLE or X.min() < -LARGEST_WHOLE):
        raise UserError(f"{where} has whole numbers beyond 2^53, which float64 cannot tell apart")
    return X if X.dtype == np.uint8 else np.ascontiguousarray(X, dtype=np.float64)


def _plain(array: np.ndarray, where: str) -> np.ndarray:
    """The values in this machine's byte order, text as text."""
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        raise UserError(f"{where} has the type {array.dtype}; numbers of at most 64 bits are needed")
    if array.dtype.kind == "S":
        try:
            return np.char.decode(array, "utf-8")
        except UnicodeError:
            raise UserError(f"{where} holds bytes that are no text in UTF-8") from None
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _stored(path: Path, name: str) -> np.ndarray:
    if path.is_dir():
        file = _in_folder(path, name)
        try:
            with file.open("rb") as content:
                return read_npy(content, file.stat().st_size, f"{file}")
        except OSError as error:
            raise UserError(f"{file} cannot be read ({error.strerror})") from None
    if not path.is_file() or path.suffix.lower() != ".npz":
        raise UserError(
            f"data.reader.path is {str(path)!r}; needed is an .npz file or a folder of .npy files "
            f"(looked for in {Path.cwd()})"
        )
    with open_zip(path) as archive:
        held = [entry.removesuffix(".npy") for entry in archive.namelist()]
        own = alike(name, held)
        if own is None:
            raise UserError(f"{path.name} has no array {name!r}; it has {', '.join(held[:20])}")
        info = archive.getinfo(f"{own}.npy" if f"{own}.npy" in archive.namelist() else own)
        try:
            with archive.open(info) as member:
                return read_npy(member, info.file_size, f"{name} in {path.name}")
        except UserError:
            raise
        except Exception as error:  # zipfile's decoders raise nearly anything on damaged members
            raise UserError(f"{name} in {path.name} is damaged ({error})") from None


def _in_folder(path: Path, name: str) -> Path:
    """The file of an array, its ending in capitals or not, its letters in any of Unicode's forms."""
    files = [file for file in sorted(path.iterdir()) if file.suffix.lower() == ".npy" and file.is_file()]
    own = alike(name, [file.name[:-4] for file in files])
    if own is None:
        raise UserError(f"{path} has no file {name}.npy; data.reader.X and data.reader.y name the files")
    return next(file for file in files if file.name[:-4] == own)
