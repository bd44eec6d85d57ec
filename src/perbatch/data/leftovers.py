"""What desktops, archives and network disks leave in folders: no data, whoever put the data there."""

import logging
from collections.abc import Iterable
from pathlib import Path

from perbatch.data.problems import listed

log = logging.getLogger(__name__)

NAMES = frozenset(
    (
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
)
"""In lower case, of Windows, macOS, archives made there, network disks, Picasa and Python."""


def is_leftover(path: Path) -> bool:
    """Whether an entry of a folder is hidden, a lock of an office program, or one of `NAMES`."""
    name = path.name.lower()
    return name.startswith((".", "~$")) or name in NAMES


def say_skipped(entries: Iterable[Path], folder: Path) -> None:
    """Log what of a folder was not read."""
    names = [entry.relative_to(folder).as_posix() for entry in entries]
    if names:
        log.info("skipped in %s, as no image of a class: %s", folder.name, listed(names))
