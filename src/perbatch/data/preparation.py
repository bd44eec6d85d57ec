"""From a source to prepared data: split, scale, write; all of it or nothing."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from perbatch.data.prepared import ARRAYS, SUMMARY, arrays_digest, summary_digest
from perbatch.data.progress import bar
from perbatch.data.scaling import scale_features, scale_targets
from perbatch.data.settings import PARTS, UNSET, Settings, check_settings, settings_digest
from perbatch.data.source import Source
from perbatch.data.split import advice, split_indices
from perbatch.errors import UserError

BLOCK = 2**24
"""Bytes that are written at once."""


def prepare(source: Source, settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Write the three parts and `summary.json` to `folder`, in place of what was there; return the summary.

    The same source and settings give the same bytes. A UserError leaves `folder` as it was.
    """
    arrays, scaling = _arrays(source, _checked(source, settings))
    summary = _summary(source, settings, arrays, scaling)
    try:
        _write(arrays, summary, folder.resolve())
    except OSError as error:
        raise UserError(
            f"the prepared data cannot be written to {folder} ({error.strerror or error})"
        ) from error
    return summary


def _checked(source: Source, settings: Mapping[str, Any]) -> Settings:
    """The typed settings; where a size is the user's to give and not given, the UserError says some."""
    try:
        return check_settings(settings, examples=len(source.y))
    except UserError as error:
        split = settings.get("split")
        if isinstance(split, Mapping) and UNSET in [split.get(part) for part in PARTS]:
            raise UserError(f"{error}; {advice(source, split, 0)}") from None
        raise


def _arrays(source: Source, settings: Settings) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The six arrays by name, and how features and, for a regression, targets were scaled."""
    rows = split_indices(source, settings.split)
    X = {part: source.X[rows[part]].astype(np.float64, copy=False) for part in PARTS}
    offset, factor = scale_features(X, settings.scaling)
    y = {part: source.y[rows[part]] for part in PARTS}
    mean = scale = None
    if source.task == "regression":
        y, mean, scale = scale_targets(y)
    X["train"], y["train"] = _laid_out(X["train"], y["train"], settings)
    by_letter = {"X": X, "y": y}
    arrays = {name: np.ascontiguousarray(by_letter[name[0]][name[2:]]) for name in ARRAYS}
    scaling = {"feature_offset": offset, "feature_factor": factor, "target_mean": mean, "target_scale": scale}
    return arrays, scaling


def _laid_out(X: np.ndarray, y: np.ndarray, settings: Settings) -> tuple[np.ndarray, np.ndarray]:
    """The training part as often as `copies` says, by class (or target) where it is to be sorted."""
    if settings.copies == 1 and not settings.sorted:
        return X, y
    rows = np.tile(np.arange(len(y)), settings.copies)
    if settings.sorted:
        rows = rows[np.argsort(y[rows], kind="stable")]
    return X[rows], y[rows]


def _summary(
    source: Source, settings: Mapping[str, Any], arrays: Mapping[str, np.ndarray], scaling: Mapping[str, Any]
) -> dict[str, Any]:
    summary: dict[str, Any] = {
        "name": settings["name"],
        "title": source.title,
        "origin": source.origin,
        "licence": source.licence,
        "task": source.task,
        "sizes": {part: len(arrays[f"X_{part}"]) for part in PARTS},
        "features": source.X.shape[1],
        "feature_names": list(source.feature_names),
        "feature_range": [float(arrays["X_train"].min()), float(arrays["X_train"].max())],
        **scaling,
        "image_shape": list(source.image_shape) if source.image_shape else None,
        "classes": list(source.classes),
        "settings": settings,
        "settings_digest": settings_digest(settings),
        "digest": arrays_digest(arrays),
    }
    return {**summary, "summary_digest": summary_digest(summary)}


def _write(arrays: Mapping[str, np.ndarray], summary: Mapping[str, Any], folder: Path) -> None:
    """All into a folder beside it, which then takes its place: a reader never sees a half-written set."""
    new = folder.with_name(f".{folder.name}.{uuid4().hex}.new")
    old = new.with_suffix(".old")
    try:
        new.mkdir(parents=True)
        with bar(f"writing {folder.name}", sum(array.nbytes for array in arrays.values())) as shown:
            for name, array in arrays.items():
                _save(new / f"{name}.npy", array, shown.update)
        text = json.dumps(summary, indent=2, sort_keys=True) + "\n"
        (new / SUMMARY).write_bytes(text.encode())
        if folder.is_dir():
            folder.rename(old)
        new.rename(folder)
    finally:
        if old.exists() and not folder.exists():  # interrupted between the two renames
            old.rename(folder)
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _save(path: Path, array: np.ndarray, written: Callable[[int], object]) -> None:
    """The bytes of `np.save`, which itself says nothing when the disk is full at the last block."""
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(array))
        content = memoryview(array.data).cast("B")
        for first in range(0, len(content), BLOCK):
            written(file.write(content[first : first + BLOCK]))
