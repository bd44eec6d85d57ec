"""A user's own images, a folder a class."""

import io
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from perbatch.data import pixels
from perbatch.data.readers import images
from perbatch.errors import UserError

GREY = np.arange(48, dtype=np.uint8).reshape(6, 8)


def encoded(pixels: Any, kind: str = "PNG", **options: Any) -> bytes:
    content = io.BytesIO()
    (pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)).save(content, kind, **options)
    return content.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., str]:
    """Makes a folder of two classes with two images each, and whatever else is given."""

    def make(**more: bytes) -> str:
        for name in ("cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png", *more):
            path = tmp_path / "pets" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(more.get(name, encoded(GREY)))
        return str(tmp_path / "pets")

    return make


def test_a_class_a_folder(folder: Callable[..., str]) -> None:
    source = images.read(folder(**{"cat/.DS_Store": b"x", "notes.txt": b"x", "cat/0.png": encoded(GREY + 1)}))
    assert (source.classes, source.title, source.image_shape) == (("cat", "dog"), "pets", (6, 8))
    assert np.array_equal(source.y, [0, 0, 0, 1, 1]) and source.X.dtype == np.uint8
    assert np.array_equal(source.X[0].reshape(6, 8), GREY + 1)
    assert np.array_equal(source.X[1].reshape(6, 8), GREY)


def test_of_one_size_where_asked(folder: Callable[..., str]) -> None:
    path = folder(**{"dog/2.png": encoded(np.full((9, 9), 7, dtype=np.uint8))})
    with pytest.raises(
        UserError, match=r"2\.png has 9 x 9 pixels and .*1\.png 8 x 6: data\.reader\.size=6 makes"
    ):
        images.read(path)
    source = images.read(path, size=4)
    assert source.X.shape == (4, 16) and set(source.X[3]) == {7}
    with pytest.raises(UserError, match=r"^data\.reader\.size is 0; allowed is an integer from 1"):
        images.read(path, size=0)


@pytest.mark.parametrize(
    ("image", "grey"),
    [
        (Image.new("RGB", (8, 6), "white"), 255),
        (Image.new("RGBA", (8, 6), (0, 0, 0, 0)), 255),
        (Image.new("RGBA", (8, 6), (0, 0, 0, 255)), 0),
        (Image.new("1", (8, 6), 0), 0),
        (Image.new("P", (8, 6), 0), 0),
        (Image.new("LA", (8, 6), (9, 255)), 9),
    ],
    ids=lambda value: getattr(value, "mode", None),
)
def test_colour_becomes_grey_and_transparent_white(
    folder: Callable[..., str], image: Image.Image, grey: int
) -> None:
    source = images.read(folder(**{"cat/0.png": encoded(image)}))
    assert set(source.X[0]) == {grey}


def test_a_photograph_is_turned_as_the_camera_was(folder: Callable[..., str]) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    source = images.read(folder(**{"cat/0.png": encoded(GREY, exif=exif)}))
    assert np.array_equal(source.X[0].reshape(6, 8), GREY[::-1, ::-1])


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"cat/a.txt": b"hello"}, r"a\.txt is damaged or no image \(no image of a known kind\)"),
        ({"cat/a.png": encoded(GREY)[:-20]}, r"a\.png is damaged or no image"),
        ({"cat/a.png": encoded(GREY).replace(b"IDAT", b"IDAS")}, r"a\.png is damaged or no image"),
        ({"cat/a.jpg": encoded(GREY, "JPEG")[:-40]}, r"a\.jpg is damaged or no image"),
        ({"cat/a.png": encoded(GREY.astype(np.uint16) * 900)}, "has more than 8 bits a channel"),
        (
            {"cat/a.gif": encoded(GREY, "GIF", save_all=True, append_images=[Image.fromarray(GREY + 9)])},
            "2 fra",
        ),
        ({"cat/deep/a.png": encoded(GREY)}, "deep is not a file; the folder of a class holds images only"),
        (
            {"cat/a.png": encoded(np.zeros((1, 4097), dtype=np.uint8))},
            "has 4097 x 1 pixels; allowed are at most",
        ),
        ({"emu/.hidden": b""}, "emu is empty; every class needs images"),
    ],
    ids=["text", "truncated", "chunk", "jpeg", "16 bit", "animated", "deep", "wide", "empty"],
)
def test_what_is_no_image_is_named(folder: Callable[..., str], more: dict[str, bytes], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        images.read(folder(**more))


def test_a_folder_without_classes(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no such folder"):
        images.read(str(tmp_path / "none"))
    (tmp_path / "one").mkdir()
    with pytest.raises(UserError, match="has 1 folders; at least two are needed"):
        images.read(str(tmp_path))


def pets(folder: Path, *others: str) -> Path:
    for name in ("cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png"):
        (folder / "pets" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((4, 4), len(name), np.uint8)).save(folder / "pets" / name)
    for name in others:
        (folder / "pets" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "pets" / name).write_bytes(b"x")
    return folder / "pets"


def test_leftovers_of_desktops_and_archives_are_skipped_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    left = [
        "cat/Thumbs.db",
        "cat/desktop.ini",
        "dog/._1.png",
        "dog/@eaDir/1.png",
        "__MACOSX/cat/._1.png",
        "dog/Icon\r",
    ]
    with caplog.at_level(logging.INFO):
        source = images.read(str(pets(tmp_path, *left, ".git/HEAD", "readme.txt")))
    assert source.classes == ("cat", "dog") and len(source.X) == 4
    for name in ("cat/Thumbs.db", "__MACOSX", "readme.txt", ".git", "dog/@eaDir"):
        assert name in caplog.text


def test_a_telephone_s_second_frame_is_passed_over(tmp_path: Path) -> None:
    first, second = (Image.fromarray(np.full((8, 8), grey, np.uint8)) for grey in (200, 10))
    content = io.BytesIO()
    first.save(content, "MPO", save_all=True, append_images=[second])
    folder = pets(tmp_path)
    (folder / "cat" / "0.jpg").write_bytes(content.getvalue())
    assert (images.read(str(folder), size=4).X[0] > 190).all()


def test_all_bad_files_at_once(tmp_path: Path) -> None:
    folder = pets(tmp_path, "cat/3.png", "dog/3.png")
    Image.fromarray(np.zeros((5, 4), np.uint8)).save(folder / "dog" / "4.png")
    with pytest.raises(
        UserError, match=r"^3 entries .*cat/3\.png is damaged.*dog/3\.png.*4\.png has 4 x 5 pixels"
    ):
        images.read(str(folder))


def test_the_folder_of_a_class_whose_name_is_not_utf_8(tmp_path: Path) -> None:
    folder = pets(tmp_path)
    try:
        os.rename(folder / "dog", os.fsencode(folder) + b"/caf\xe9")
    except OSError:
        pytest.skip("this disk takes only names in UTF-8")
    with pytest.raises(UserError, match=r"has 1 folder whose name is not text in UTF-8.*'caf\\udce9'"):
        images.read(str(folder))


def test_how_a_png_is_turned_may_stand_behind_its_pixels(folder: Callable[..., str]) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    whole, plain = encoded(GREY, exif=exif), encoded(GREY)
    start = whole.index(b"eXIf") - 4
    chunk = whole[start : start + 12 + int.from_bytes(whole[start : start + 4], "big")]
    moved = plain[:-12] + chunk + plain[-12:]
    assert moved.index(b"IDAT") < moved.index(b"eXIf")
    source = images.read(folder(**{"cat/0.png": moved}))
    assert np.array_equal(source.X[0].reshape(6, 8), GREY[::-1, ::-1])


def test_what_is_not_looked_at_twice_is_what_pillow_finds_sound() -> None:
    """Each byte of a PNG changed, and each end cut off: the quick look says sound of no more than Pillow."""
    content = encoded(GREY)
    assert pixels._is_sound_png(content)
    harmed = [
        content[:place] + bytes([byte ^ 1]) + content[place + 1 :] for place, byte in enumerate(content)
    ]
    for other in [*harmed, *(content[:place] for place in range(len(content)))]:
        if pixels._is_sound_png(other):
            with Image.open(io.BytesIO(other)) as image:
                image.verify()
