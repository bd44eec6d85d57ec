"""The data of a run as its network takes them: one copy for all runs, on disk where they are large.

Workers map the copy, so that all of them together hold it once. It lies in `data/encoded/NAME/`, named by
the digests of the prepared data and of the code that makes it: a stale one is never found, and is deleted
when the next is made.
"""

import fcntl
import logging
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from perbatch import data
from perbatch.backprop import Encoded, encode_rows
from perbatch.files import digest, replace, replacing
from perbatch.runs import places
from perbatch.runs.identity import code

log = logging.getLogger(__name__)

LARGE = 2**25
"""Bytes of encoded inputs from which on they are kept on disk and mapped."""

PARTS = ("train", "validation")
ARRAYS = tuple(f"{letter}_{part}" for part in PARTS for letter in "Xy")
DIGEST = "digest"


@dataclass(frozen=True)
class TrainingData:
    """What a run is trained and validated on, and the summary of the data set; see `data.Prepared`."""

    X_train: Encoded
    y_train: np.ndarray
    X_validation: Encoded
    y_validation: np.ndarray
    summary: dict[str, Any]


def load(name: str, settings: Mapping[str, Any], dtype: str, bias: bool) -> TrainingData:
    """Return the data set for networks of this precision, with or without biases, every byte checked.

    Raises a UserError where it is missing, damaged or prepared with other settings, and a ValueError where a
    number is not finite in this precision.
    """
    prepared = places.PREPARED / name
    summary = data.load_summary(prepared, settings)
    if size(summary, dtype, bias) >= LARGE:
        place = _place(prepared, summary, dtype, bias)
        try:
            arrays = _found(place) or _made(place, prepared, summary, dtype, bias)
            return _training_data(arrays, bias, summary)
        except OSError as error:
            log.warning(
                "%s cannot be written (%s): each worker keeps a copy of the data",
                place,
                error.strerror or error,
            )
    loaded = data.load(prepared, settings)
    arrays = {key: getattr(loaded, key) for key in ARRAYS}
    for key in ("X_train", "X_validation"):
        arrays[key] = encode_rows(arrays[key], dtype, bias)
    return _training_data(arrays, bias, loaded.summary)


def size(summary: Mapping[str, Any], dtype: str, bias: bool) -> int:
    """Return the bytes of a data set's encoded inputs."""
    rows = sum(summary["sizes"][part] for part in PARTS)
    return int(rows * (summary["features"] + bias) * np.dtype(dtype).itemsize)


def _training_data(arrays: Mapping[str, np.ndarray], bias: bool, summary: dict[str, Any]) -> TrainingData:
    return TrainingData(
        X_train=Encoded(arrays["X_train"], bias),
        y_train=arrays["y_train"],
        X_validation=Encoded(arrays["X_validation"], bias),
        y_validation=arrays["y_validation"],
        summary=summary,
    )


def _place(prepared: Path, summary: Mapping[str, Any], dtype: str, bias: bool) -> Path:
    made_of = digest(f"{summary['digest']} {code()}")[:32]
    return places.encoded() / prepared.name / made_of / f"{dtype}{'-bias' * bias}"


def _found(place: Path) -> dict[str, np.ndarray] | None:
    """Return the arrays that lie there whole; those of X are mapped, and writing to them alters no file."""
    try:
        wanted = (place / DIGEST).read_text()
        arrays = {
            # A plain array, which the compiled engine takes for what it is, of pages that are never written.
            name: np.asarray(np.load(place / f"{name}.npy", mmap_mode="c" if name[0] == "X" else None))
            for name in ARRAYS
        }
    except Exception:  # a flipped byte in a header makes NumPy's parser raise nearly anything
        return None
    return arrays if data.arrays_digest(arrays) == wanted else None


def _made(
    place: Path, prepared: Path, summary: Mapping[str, Any], dtype: str, bias: bool
) -> dict[str, np.ndarray]:
    """Make the copy, once however many workers ask for it at the same time, and return its arrays."""
    with _alone(place.parents[1]):
        if arrays := _found(place):
            return arrays
        log.info("%s: %.1f GB for all workers", place, size(summary, dtype, bias) / 1e9)
        _write(place, prepared, summary, dtype, bias)
        for other in place.parents[1].iterdir():
            if other.is_dir() and other != place.parent:  # those who have it mapped keep it
                shutil.rmtree(other, ignore_errors=True)
        if arrays := _found(place):
            return arrays
    raise OSError("it does not hold what was written")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as lock:
        with suppress(OSError):  # a file system without locks: then several write the same, each file whole
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write(place: Path, prepared: Path, summary: Mapping[str, Any], dtype: str, bias: bool) -> None:
    labels: dict[str, list[np.ndarray]] = {f"y_{part}": [] for part in PARTS}
    with ExitStack() as stack:
        streams = {f"X_{part}": stack.enter_context(replacing(place / f"X_{part}.npy")) for part in PARTS}
        for part in PARTS:
            shape = summary["sizes"][part], summary["features"] + bias
            _write_header(streams[f"X_{part}"], np.dtype(dtype), shape)
        for name, rows in data.blocks(prepared, summary):
            if name in streams:
                streams[name].write(encode_rows(rows, dtype, bias).data)
            elif name in labels:
                labels[name].append(rows)
    for name, blocks in labels.items():
        with replacing(place / f"{name}.npy") as stream:
            array = np.concatenate(blocks)
            _write_header(stream, array.dtype, array.shape)
            stream.write(array.data)
    written = {name: np.load(place / f"{name}.npy", mmap_mode="r") for name in ARRAYS}
    replace(place / DIGEST, data.arrays_digest(written))


def _write_header(stream: BinaryIO, dtype: np.dtype, shape: tuple[int, ...]) -> None:
    # Not np.save, which would ask for the whole array, and says nothing of a disk that is full at its end.
    header = {"descr": dtype.str, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)
