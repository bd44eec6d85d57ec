"""Where compiled code is kept, so that a machine compiles a version of it once, for all its checkouts.

The folder is named by the digest of this package, whose functions call no others: Numba notices an edit in
the file of the function that Python calls, but not in the files of those that it calls. And it takes the
same file elsewhere for another.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any

import numba
import numpy as np
from llvmlite.binding import get_host_cpu_name
from numba.core.caching import UserProvidedCacheLocator
from platformdirs import user_cache_path

from perbatch.backprop.compiled.jit import OPTIONS
from perbatch.fingerprint import files_in, fingerprint

_log = logging.getLogger(__name__)


@cache
def folder() -> Path:
    """Return the folder, made if need be, that this user's processes share: one that can be written.

    In NUMBA_CACHE_DIR if that is set, else in the user's cache; where it is read-only, a temporary folder.
    """
    digest = fingerprint(files_in(Path(__file__).parent, ["."]))[:32]
    python = f"py{sys.version_info.major}{sys.version_info.minor}"
    name = "-".join([digest, python, f"numba{numba.__version__}", get_host_cpu_name()])
    for parent in (_wished(), Path(tempfile.gettempdir()) / f"perbatch-{os.getuid()}"):
        with contextlib.suppress(OSError):
            parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if _only_ours(parent):
                (parent / name).mkdir(exist_ok=True)
                with tempfile.TemporaryFile(dir=parent / name):
                    return parent / name
    return Path(tempfile.mkdtemp(prefix="perbatch-"))


class Locator(UserProvidedCacheLocator):
    """Numba's own knows a function by place, time and line of its source; here the folder is enough."""

    def get_cache_path(self) -> str:
        """Return where its code is kept."""
        return str(folder())

    def get_source_stamp(self) -> str:
        """Return what tells whether the code is of this source."""
        return folder().name

    def get_disambiguator(self) -> str:
        """Return what tells functions of one name apart, of which there are none."""
        return ""


def kept(function: Callable[..., Any]) -> Any:
    """Compile a function that Python calls, on its first call, or load what an earlier process compiled."""
    own = {"CACHE_DIR": str(folder()), "CACHE_LOCATOR_CLASSES": f"{__name__}.{Locator.__name__}"}
    before = {key: getattr(numba.config, key, "") for key in own}
    vars(numba.config).update(own)
    try:
        return numba.njit(cache=True, **OPTIONS)(function)
    finally:
        vars(numba.config).update(before)


@contextlib.contextmanager
def ready(dtype: np.dtype) -> Iterator[bool]:
    """Around a precision's first call: one process at a time compiles, and says so; any number load.

    Yields whether all that is to be kept has to be compiled within.

    Of two processes that compile for different types at once, Numba could load the one's code as the other's.
    """
    compiled = folder() / dtype.name
    with (folder() / "lock").open("a") as lock:
        with contextlib.suppress(OSError):  # a file system without locks
            # Loading takes a good part of a second: on a cluster the jobs that start together must not queue.
            fcntl.flock(lock, fcntl.LOCK_SH if compiled.exists() else fcntl.LOCK_EX)
        if compiled.exists():
            yield False
            return
        _log.warning("compiling the engine for %s, once for this version of the code", dtype.name)
        began = perf_counter()
        yield True
        compiled.touch()
        _log.warning("compiled in %.1f s, kept in %s", perf_counter() - began, folder())
        if not folder().is_relative_to(_wished()):
            _log.warning("not kept in %s, which cannot be written, or is open to others", _wished())


@cache
def _wished() -> Path:
    # Looked up once: Numba's setting is another one while a function is being made ready.
    return Path(numba.config.CACHE_DIR) if numba.config.CACHE_DIR else user_cache_path("perbatch")


def _only_ours(place: Path) -> bool:
    """Whether nobody else can put code there: what is loaded from it is run."""
    status = place.stat()
    return status.st_uid == os.getuid() and not status.st_mode & stat.S_IWOTH
