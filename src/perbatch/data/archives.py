"""Archives read where they lie: nothing is written to disk, and every size is bounded before it is read."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from perbatch.errors import UserError

MEMBERS = 1_000_000
MEMBER_BYTES = 16 * 2**20


@contextmanager
def open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """The zip file at `path`; a UserError where it is none or has too many members."""
    try:
        file = zipfile.ZipFile(path)
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError) as error:
        raise UserError(f"{path} is not a readable zip archive ({error})") from None
    with file:
        if len(file.infolist()) > MEMBERS:
            raise UserError(f"{path} has {len(file.infolist())} members; allowed are {MEMBERS}")
        yield file


def read_member(file: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """A member's content of at most `MEMBER_BYTES`, its checksum checked; a UserError says what is wrong."""
    where = f"{file.filename}: the member {member.filename!r}"
    if member.file_size > MEMBER_BYTES:
        raise UserError(f"{where} has {member.file_size} bytes; allowed are {MEMBER_BYTES}")
    try:
        with file.open(member) as content:
            # What the archive says of a size may be a lie: never read more than that.
            data = content.read(member.file_size + 1)
    except (OSError, EOFError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise UserError(f"{where} is damaged ({error})") from None
    if len(data) != member.file_size:
        raise UserError(f"{where} is damaged (it holds {len(data)} bytes of {member.file_size})")
    return data
