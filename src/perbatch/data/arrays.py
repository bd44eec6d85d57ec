"""A user's own NumPy arrays: an `.npz` file, or a folder of `.npy` files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from perbatch.data.archives import open_zip
from perbatch.data.given import path_of
from perbatch.data.labels import LARGEST_WHOLE, as_target
from perbatch.data.npy import read_npy
from perbatch.data.source import Source
from perbatch.errors import UserError


def read(
    path: str, X: str = "X", y: str = "y", task: str | None = None, licence: str = "not stated"
) -> Source:
    """The arrays called `X` (n, ...) and `y` (n,); more dimensions of X than two are those of an image.

    Text, yes/no and at most 20 different whole numbers in y are classes unless `task` says otherwise.
    A UserError names the file and what is wrong; nothing in it is ever executed (no pickle).
    """
    file = path_of(path)
    features, targets = (_array(file, name) for name in (X, y))
    if features.ndim < 2 or 0 in features.shape:
        raise UserError(f"{X} of {file.name} has the shape {features.shape}; (n, features) is needed")
    if targets.ndim == 2 and targets.shape[1] == 1:
        targets = targets[:, 0]
    if targets.ndim != 1 or len(targets) != len(features):
        raise UserError(
            f"{y} of {file.name} has the shape {targets.shape}; ({len(features)},) is needed, since {X} has "
            f"the shape {features.shape}"
        )
    labels, classes, task = as_target(pd.Series(targets), task, f"{y} of {file.name}")
    flat = _as_features(features, f"{X} of {file.name}").reshape(len(features), -1)
    return Source(
        X=flat,
        y=labels,
        classes=classes,
        feature_names=tuple(f"x{column}" for column in range(flat.shape[1])),
        title=file.name,
        origin=f"the user's own arrays {file.name}, {task}",
        licence=licence,
        image_shape=features.shape[1:] if features.ndim > 2 else None,
    )


def _as_features(X: np.ndarray, where: str) -> np.ndarray:
    if X.dtype.kind not in "biuf" or X.dtype.itemsize > 8:
        raise UserError(f"{where} has the type {X.dtype}; numbers of at most 64 bits are needed")
    if X.dtype.kind in "iu" and (X.max() > LARGEST_WHOLE or X.min() < -LARGEST_WHOLE):
        raise UserError(f"{where} has whole numbers beyond 2^53, which float64 cannot tell apart")
    return X if X.dtype == np.uint8 else np.ascontiguousarray(X, dtype=np.float64)


def _array(path: Path, name: str) -> np.ndarray:
    member = f"{name}.npy"
    if path.is_dir():
        if not (path / member).is_file():
            raise UserError(f"{path} has no file {member}; data.reader.X and data.reader.y name the files")
        try:
            with (path / member).open("rb") as file:
                return read_npy(file, (path / member).stat().st_size, f"{path / member}")
        except OSError as error:
            raise UserError(f"{path / member} cannot be read ({error.strerror})") from None
    if not path.is_file() or path.suffix != ".npz":
        raise UserError(
            f"data.reader.path is {str(path)!r}; needed is an .npz file or a folder of .npy files "
            f"(looked for in {Path.cwd()})"
        )
    with open_zip(path) as archive:
        if member not in archive.namelist():
            held = ", ".join(entry.removesuffix(".npy") for entry in archive.namelist()[:20])
            raise UserError(f"{path.name} has no array {name!r}; it has {held}")
        info = archive.getinfo(member)
        try:
            with archive.open(info) as file:
                return read_npy(file, info.file_size, f"{name} in {path.name}")
        except UserError:
            raise
        except Exception as error:  # zipfile's decoders raise nearly anything on damaged members
            raise UserError(f"{name} in {path.name} is damaged ({error})") from None
