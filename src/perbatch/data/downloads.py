"""Public files that a reader needs: found on this machine or downloaded once, and never used unverified.

`PERBATCH_DATA` names a folder to look in first, `PERBATCH_CACHE` the folder of downloads (else one in the
user's cache), and `PERBATCH_OFFLINE=1` forbids the network.
"""

import logging
import os
from dataclasses import dataclass
from pathlib import Path

import pooch
from requests import RequestException

from perbatch.errors import UserError

log = logging.getLogger(__name__)

TIMEOUT = 20
"""Seconds without an answer after which the next mirror is tried."""


@dataclass(frozen=True)
class PublicFile:
    """One file: `folder/name` below a folder of data, the SHA-256 it may have, the mirrors in their order.

    The first SHA-256 is that of the mirrors' file; others are of the same content packed otherwise.
    """

    folder: str
    name: str
    sha256: tuple[str, ...]
    mirrors: tuple[str, ...]


def fetch(file: PublicFile) -> Path:
    """The file's path, its hash checked; downloaded where it is not here yet.

    A UserError where a file in `PERBATCH_DATA` is another one, and where no mirror has the right one.
    """
    if given := os.environ.get("PERBATCH_DATA"):
        if not Path(given).is_dir():
            raise UserError(f"PERBATCH_DATA is {given!r}: it must be the path of a folder")
        for path in (Path(given, file.folder, file.name), Path(given, file.name)):
            if path.is_file():
                return _verified(path, file)
    cached = cache_folder() / file.folder / file.name
    if offline():
        if not cached.is_file():
            raise UserError(f"{file.name} is not on this machine and PERBATCH_OFFLINE is set: {_help(file)}")
        return _verified(cached, file)
    if cached.is_file() and _sha256(cached) in file.sha256:
        return cached
    return _download(file, cached)


def cache_folder() -> Path:
    """The folder that downloads are kept in."""
    return Path(os.environ.get("PERBATCH_CACHE") or pooch.os_cache("perbatch"))


def offline() -> bool:
    """Whether the network is forbidden; a UserError where the flag is neither yes nor no."""
    flag = os.environ.get("PERBATCH_OFFLINE", "").lower()
    if flag not in ("", "0", "false", "no", "1", "true", "yes"):
        raise UserError(f"PERBATCH_OFFLINE is {flag!r}; allowed are 1 (no network) and 0")
    return flag in ("1", "true", "yes")


def _download(file: PublicFile, path: Path) -> Path:
    failures = []
    for mirror in file.mirrors:
        log.info("downloading %s from %s", file.name, mirror)
        try:
            pooch.get_logger().setLevel(logging.WARNING)  # it would say the same again
            # Downloaded under another name, hashed, then renamed: what is at `path` is whole and right.
            pooch.retrieve(
                mirror + file.name,
                known_hash=f"sha256:{file.sha256[0]}",
                fname=path.name,
                path=path.parent,
                downloader=pooch.HTTPDownloader(progressbar=True, timeout=TIMEOUT),
            )
            return path
        except ValueError:
            failures.append(f"{mirror} sent another file")
        except RequestException as error:
            failures.append(f"{mirror} failed ({_reason(error)})")
        except OSError as error:
            raise UserError(f"{path} cannot be written ({error.strerror or error})") from error
    raise UserError(f"{file.name} could not be downloaded: {'; '.join(failures)}; {_help(file)}")


def _verified(path: Path, file: PublicFile) -> Path:
    found = _sha256(path)
    if found not in file.sha256:
        wanted = " or ".join(file.sha256)
        raise UserError(
            f"{path} is damaged or another file: its SHA-256 is {found}, that of {file.name} {wanted}"
        )
    return path


def _sha256(path: Path) -> str:
    try:
        return str(pooch.file_hash(path))
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror})") from None


def _reason(error: RequestException) -> str:
    if error.response is not None:
        return f"status {error.response.status_code}"
    return type(error).__name__


def _help(file: PublicFile) -> str:
    return (
        f"put {file.name} (SHA-256 {file.sha256[0]}, from {file.mirrors[0]}{file.name}) "
        f"into {cache_folder() / file.folder}"
    )
