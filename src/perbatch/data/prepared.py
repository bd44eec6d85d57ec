"""Prepared data on disk: what the files are called, how they are checked, and how they are read."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from perbatch.data.command import prepare_command
from perbatch.data.settings import PARTS, check_settings, json_digest
from perbatch.errors import UserError

SUMMARY = "summary.json"
_UNSET = "not set"
ARRAYS = tuple(f"{letter}_{part}" for part in PARTS for letter in "Xy")


@dataclass(frozen=True)
class Prepared:
    """The three parts, X (n, d) float64 and y (n,) int64 labels or float64 targets, and their summary."""

    X_train: np.ndarray
    y_train: np.ndarray
    X_validation: np.ndarray
    y_validation: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    summary: dict[str, Any]


def load(folder: Path, settings: Mapping[str, Any]) -> Prepared:
    """The prepared data, every byte checked; a UserError if missing, damaged or made with other settings."""
    summary = load_summary(folder, settings)
    arrays = {name: _read_array(folder / f"{name}.npy", settings) for name in ARRAYS}
    if arrays_digest(arrays) != summary["digest"]:
        raise _refusal(f"the prepared arrays in {folder} are damaged (their digest differs)", settings)
    return Prepared(**arrays, summary=summary)


def blocks(folder: Path, summary: Mapping[str, Any], size: int = 2**24) -> Iterator[tuple[str, np.ndarray]]:
    """Name and next rows of each array, about `size` bytes at once: data that need not fit into memory.

    Every byte is checked, which is known only at the end: until then nothing is to be made of them that
    lasts. A UserError if they are missing, damaged, or not those of the `summary`.
    """
    digest, settings = hashlib.sha256(), summary["settings"]
    for name in ARRAYS:
        path = folder / f"{name}.npy"
        array = _mapped(path, settings)
        digest.update(_head(name, array))
        step = max(1, size * len(array) // array.nbytes)
        for first in range(0, len(array), step):
            rows = _read_rows(path, array, first, min(step, len(array) - first), settings)
            digest.update(rows.data)
            yield name, rows
    if digest.hexdigest() != summary["digest"]:
        raise _refusal(f"the prepared arrays in {folder} are damaged (their digest differs)", settings)


def load_summary(folder: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The summary, the arrays left unread; a UserError if missing, damaged or made with other settings."""
    check_settings(settings)
    path = folder / SUMMARY
    try:
        summary = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise _refusal(f"there are no prepared data in {folder}", settings) from None
    except OSError as error:
        raise _refusal(f"{path} cannot be read ({error.strerror})", settings) from None
    except (ValueError, RecursionError):
        raise _refusal(f"{path} is damaged", settings) from None
    if not isinstance(summary, dict) or summary.get("summary_digest") != summary_digest(summary):
        raise _refusal(f"{path} is damaged", settings)
    for key, ours, theirs in _differences("data", settings, summary["settings"]):
        raise _refusal(f"{key} is {ours!r}, but the data in {folder} were prepared with {theirs!r}", settings)
    return summary


def arrays_digest(arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 (hex) over the arrays' names, dtypes, shapes and bytes."""
    digest = hashlib.sha256()
    for name, array in arrays.items():
        digest.update(_head(name, array))
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _head(name: str, array: np.ndarray) -> bytes:
    return f"{name} {array.dtype.str} {array.shape}\n".encode()


def summary_digest(summary: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of all of the summary but this digest itself."""
    return json_digest({key: value for key, value in summary.items() if key != "summary_digest"})


def _read_array(path: Path, settings: Mapping[str, Any]) -> np.ndarray:
    try:
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("error")
            array = np.lib.format.read_array(file, allow_pickle=False)
            if file.read(1):
                raise ValueError("bytes after the array")
    except FileNotFoundError:
        raise _refusal(f"{path} is missing", settings) from None
    except Exception:  # a flipped byte in the header makes NumPy's parser raise nearly anything
        raise _refusal(f"{path} is damaged or cannot be read", settings) from None
    return array


def _mapped(path: Path, settings: Mapping[str, Any]) -> np.memmap:
    """The array in a file, none of it read yet, and nothing behind it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            array = np.load(path, mmap_mode="r", allow_pickle=False)
        if not array.size or not array.ndim or not array.flags.c_contiguous:
            raise ValueError("no rows, or another order of its numbers")
        if array.offset + array.nbytes != path.stat().st_size:
            raise ValueError("bytes after the array")
    except FileNotFoundError:
        raise _refusal(f"{path} is missing", settings) from None
    except Exception:
        raise _refusal(f"{path} is damaged or cannot be read", settings) from None
    return array


def _read_rows(
    path: Path, array: np.memmap, first: int, count: int, settings: Mapping[str, Any]
) -> np.ndarray:
    # Read, not looked at through the map: pages of it would count as this process's memory until it is done.
    shape, offset = (count, *array.shape[1:]), array.offset + first * array.strides[0]
    try:
        return np.fromfile(path, array.dtype, int(np.prod(shape)), offset=offset).reshape(shape)
    except (OSError, ValueError):
        raise _refusal(f"{path} is damaged or cannot be read", settings) from None


def _differences(key: str, ours: object, theirs: object) -> Iterator[tuple[str, object, object]]:
    """Dotted key, our value and theirs, wherever two settings differ."""
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        for inner in sorted({*ours, *theirs}, key=str):
            yield from _differences(f"{key}.{inner}", ours.get(inner, _UNSET), theirs.get(inner, _UNSET))
    elif json.dumps(ours) != json.dumps(theirs):
        yield key, ours, theirs


def _refusal(what: str, settings: Mapping[str, Any]) -> UserError:
    return UserError(f"{what}; prepare them with: {prepare_command(settings)}")
