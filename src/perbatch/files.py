"""Files on disk: replaced whole or left as they were; digests of what they hold."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4


def replace(path: Path, content: bytes | str) -> None:
    """Put `content` at `path`, all of it or none; text is written as UTF-8 with its line ends as they are.

    It is written beside `path` and renamed. So a reader never sees half of it, a kill leaves what was there,
    and where `path` is a link into DVC's cache the link is replaced, not the cached file. The folder is made
    if it is missing. OSError where it cannot be written.
    """
    with replacing(path) as stream:
        stream.write(content.encode() if isinstance(content, str) else content)


def writing(path: Path) -> tuple[int, int] | None:
    """Return which writing of a file this is: replaced, it is another one; None where there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def replace_json(path: Path, content: object) -> None:
    """Put plain values at `path` as JSON, indented; a ValueError where a number is not finite."""
    replace(path, json.dumps(content, indent=2, allow_nan=False) + "\n")


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Give a stream whose bytes are at `path` once the body has ended; `replace` for what comes in parts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{uuid4().hex}.tmp")
    try:
        with unfinished.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(path)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise


def digest(content: bytes | str) -> str:
    """Return the SHA-256 (hex) of bytes, or of text as UTF-8."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def json_digest(values: object) -> str:
    """Return the SHA-256 (hex) of plain values as JSON, whatever the order of keys."""
    return digest(json.dumps(values, sort_keys=True))
