"""What disk a sweep needs, said before it starts where that is much, and refused where it is not there."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from perbatch.errors import UserError
from perbatch.runs import encoded, places
from perbatch.runs.run import Run

MUCH = 10**9
"""Bytes from which on it is said."""

COPIES = 2
"""Of a run's weights where MLflow's store is a file here: in the run's folder, and as an artifact."""


def copy(run: Run) -> tuple[Path, int] | None:
    """Return the folder of the copy of large data that workers are to make, and its bytes; None for none.

    One of other data or code there counts as made: it is deleted for the new one.
    """
    dtype, bias = str(run.config["model"]["dtype"]), bool(run.config["model"]["bias"])
    needed = encoded.size(run.data, dtype, bias)
    if needed < encoded.LARGE:
        return None
    folder, kind = places.encoded() / run.config["data"]["name"], f"{dtype}{'-bias' * bias}"
    return None if any(folder.glob(f"*/{kind}/{encoded.DIGEST}")) else (folder / kind, needed)


def check(needs: Mapping[Path, int]) -> str | None:
    """Say what a sweep needs in these folders, by their bytes; None where that is little.

    A UserError where it is much and not there. Folders of one disk count together.
    """
    disks: dict[int, tuple[Path, int]] = {}
    for folder, needed in needs.items():
        place = _existing(folder)
        number = place.stat().st_dev
        disks[number] = place, needed + disks.get(number, (place, 0))[1]
    said = []
    for place, needed in disks.values():
        if needed >= MUCH:
            free = shutil.disk_usage(place).free
            text = f"this sweep needs about {_size(needed)} of disk in {place}; {_size(free)} are free"
            if needed > free:
                raise UserError(f"{text}: make room, or sweep fewer or smaller networks")
            said.append(text)
    return ", and ".join(said) or None


def _existing(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if os.path.isdir(each))


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= MUCH else f"{count / 1e6:.0f} MB"
