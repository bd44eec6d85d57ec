"""Handwritten letters of Omniglot: 105 x 105 pixels, each letter drawn by 20 people. Downloaded once."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from perbatch import checks
from perbatch.data.archives import open_zip, read_member
from perbatch.data.downloads import PublicFile, fetch
from perbatch.data.given import check_flag, names
from perbatch.data.pixels import area_average, centred, decode
from perbatch.data.progress import each_of
from perbatch.data.source import Source
from perbatch.errors import UserError

SIDE = 105
_MIRRORS = (
    "https://raw.githubusercontent.com/brendenlake/omniglot/master/python/",
    "https://github.com/brendenlake/omniglot/raw/master/python/",
)
_SHA256 = {
    "small1": "f38eb80f801274ac2b4dff5b24289016bfaba4a7d5bb50deebf27104ad6cb8a4",
    "small2": "3ccaa407515a8778e5d0861875af38b17e418f301ad5bb3b5a6b65d901a41c7f",
}
ARCHIVES = {
    name: PublicFile("omniglot", f"images_background_{name}.zip", (sha256,), _MIRRORS)
    for name, sha256 in _SHA256.items()
}
_MEMBER = re.compile(r"[^/]+/(?P<alphabet>[^/]+)/character(?P<letter>\d\d)/\d+_(?P<drawer>\d\d)\.png")


@dataclass(frozen=True)
class _Drawing:
    alphabet: str
    letter: str
    drawer: int
    png: bytes

    @property
    def where(self) -> str:
        return f"the drawing of {self.alphabet} {self.letter} by {self.drawer}"


def read(archives: Sequence[str], alphabets: Sequence[str], size: int, centre: bool, by: str) -> Source:
    """Classification: `size` x `size` pixels from 0 (paper) to 1 (ink), a class a letter.

    `centre` moves the ink's centre of mass to the middle. `by` is what is whole in one part: `drawer`, all
    that the people of one number drew (within an alphabet a number is one person), or `image`.
    A UserError names an unknown archive or alphabet, and an archive that is damaged.
    """
    archives, alphabets = names("archives", archives), names("alphabets", alphabets)
    check_flag("centre", centre)
    _check(archives, size, by)
    drawings = _drawings(archives, alphabets)
    letters = sorted({(drawing.alphabet, drawing.letter) for drawing in drawings})
    shown = each_of(drawings, "resizing letters")
    images = (decode(drawing.png, drawing.where, (SIDE, SIDE)) == 0 for drawing in shown)  # ink is black
    X = np.array([area_average(centred(ink) if centre else ink, size).ravel() for ink in images])
    return Source(
        X=X,
        y=np.array([letters.index((drawing.alphabet, drawing.letter)) for drawing in drawings]),
        classes=tuple(f"{alphabet} {letter}" for alphabet, letter in letters),
        feature_names=tuple(f"pixel_{row}_{column}" for row in range(size) for column in range(size)),
        title=f"Omniglot, handwritten letters ({', '.join(alphabets)})",
        origin="B. M. Lake, R. Salakhutdinov and J. B. Tenenbaum (2015), Human-level concept learning "
        "through probabilistic program induction, https://github.com/brendenlake/omniglot",
        licence="MIT",
        image_shape=(size, size),
        groups=np.array([drawing.drawer for drawing in drawings]) if by == "drawer" else None,
    )


def _check(archives: Sequence[str], size: int, by: str) -> None:
    for archive in archives:
        if archive not in ARCHIVES:
            raise UserError(f"data.reader.archives has {archive!r}; allowed are {', '.join(ARCHIVES)}")
    if not checks.whole(size, 1, SIDE):
        raise UserError(f"data.reader.size is {size!r}; allowed is an integer from 1 to {SIDE}")
    if by not in ("drawer", "image"):
        raise UserError(f"data.reader.by is {by!r}; allowed are drawer, image")


def _drawings(archives: Sequence[str], alphabets: Sequence[str]) -> list[_Drawing]:
    """The drawings of the alphabets, each content once: some alphabets stand in both archives."""
    found: dict[bytes, _Drawing] = {}
    there: set[str] = set()
    for archive in archives:
        for drawing in _members(archive):
            there.add(drawing.alphabet)
            if drawing.alphabet in alphabets:
                found.setdefault(drawing.png, drawing)
    for alphabet in alphabets:
        if alphabet not in there:
            raise UserError(
                f"data.reader.alphabets has {alphabet!r}; the archives {', '.join(archives)} hold "
                f"{', '.join(sorted(there))}"
            )
    if not found:
        raise UserError("data.reader.alphabets is empty; at least one alphabet is needed")
    return sorted(found.values(), key=lambda drawing: (drawing.alphabet, drawing.letter, drawing.drawer))


def _members(archive: str) -> Iterator[_Drawing]:
    path = fetch(ARCHIVES[archive])
    with open_zip(path) as file:
        for member in file.infolist():
            if match := _MEMBER.fullmatch(member.filename):
                yield _Drawing(
                    match["alphabet"], match["letter"], int(match["drawer"]), read_member(file, member)
                )
