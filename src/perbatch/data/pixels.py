"""Images as arrays: decoded within limits, centred, made smaller."""

import io
import warnings
import zlib

import numpy as np
from PIL import Image, ImageOps
from scipy import ndimage

from perbatch.errors import UserError

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")
_PNG = b"\x89PNG\r\n\x1a\n"
_TURNED = frozenset(("exif", "Raw profile type exif", "XML:com.adobe.xmp", "xmp"))
"""Where Pillow finds how a PNG is to be turned; to look for it takes longer than to decode a small image."""

SIDE = 4096
"""Pixels that either side of an image may have."""


def decode(content: bytes, where: str, size: tuple[int, int] | None = None) -> np.ndarray:
    """Grey values 0 (black) to 255, uint8 (height, width), of an encoded image.

    `size` is the (width, height) wanted, None any, in grey too. A UserError names `where` and what is wrong.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow warns of what is damaged but can be guessed
            if not _is_sound_png(content):
                with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                    image.verify()  # a PNG's checksums and end; decoding alone passes over them
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                _check_size(image.size, size, where)
                # A telephone's JPEG (MPO) is its first frame; the others are previews and maps of depth.
                frames = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
                if frames > 1:
                    raise UserError(f"{where} has {frames} frames; allowed is one")
                if image.mode.startswith(("I", "F")):
                    raise UserError(f"{where} has more than 8 bits a channel ({image.mode}); allowed are 8")
                return np.asarray(_on_white(_upright(image)).convert("L"))
    except UserError:
        raise
    except Exception as error:  # Pillow's decoders raise nearly anything on damaged files
        # the message's repr of a buffer has an address in it
        reason = "no image of a known kind" if "cannot identify" in str(error) else str(error)
        raise UserError(f"{where} is damaged or no image ({reason})") from None


def resized(image: np.ndarray, side: int) -> np.ndarray:
    """A grey image (uint8) of `side` x `side` pixels, by area averaging where it shrinks."""
    return np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BOX))


def centred(ink: np.ndarray) -> np.ndarray:
    """The image moved by whole pixels, its centre of mass in the middle; what leaves the frame is lost."""
    if not ink.any():
        return ink
    centre = ndimage.center_of_mass(ink)
    moves = [round((side - 1) / 2 - at) for side, at in zip(ink.shape, centre, strict=True)]
    return ndimage.shift(ink, moves, order=0)


def area_average(image: np.ndarray, side: int) -> np.ndarray:
    """The image as `side` x `side` float64 values, each the mean of the area that it covers."""
    height, width = image.shape
    # Sums of whole numbers, so exact: the same bits whatever order a processor's BLAS adds them in.
    sums = _coverage(height, side) @ image.astype(np.float64) @ _coverage(width, side).T
    return sums / (height * width)


def _coverage(pixels: int, side: int) -> np.ndarray:
    """(side, pixels): how much of each old pixel each new one covers, in units of 1/`side` of an old one."""
    first, last = np.arange(side)[:, None] * pixels, np.arange(1, side + 1)[:, None] * pixels
    starts = np.arange(pixels) * side
    overlap = np.minimum(last, starts + side) - np.maximum(first, starts)
    return np.clip(overlap, 0, None).astype(np.float64)


def _is_sound_png(content: bytes) -> bool:
    """Whether it is a PNG whose parts have their checksums, to its end: then Pillow need not look twice."""
    at = len(_PNG)
    if not content.startswith(_PNG):
        return False
    while at + 12 <= len(content):
        length, kind = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        end = at + 8 + length
        wanted = int.from_bytes(content[end : end + 4], "big")
        if end + 4 > len(content) or not kind.isalpha() or zlib.crc32(content[at + 4 : end]) != wanted:
            return False
        if kind == b"IEND":
            return True
        at = end + 4
    return False


def _upright(image: Image.Image) -> Image.Image:
    """The image as it was seen: a photograph says how the camera was held."""
    image.load()  # what a PNG says of it may stand behind the pixels
    if image.format == "PNG" and not _TURNED.intersection(image.info):
        return image
    return ImageOps.exif_transpose(image)


def _on_white(image: Image.Image) -> Image.Image:
    """The image without transparency: what is transparent is white."""
    if "A" not in image.getbands() and "transparency" not in image.info:
        return image
    rgba = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)


def _check_size(found: tuple[int, int], wanted: tuple[int, int] | None, where: str) -> None:
    width, height = found
    if wanted is not None and found != wanted:
        raise UserError(f"{where} has {width} x {height} pixels; {wanted[0]} x {wanted[1]} are needed")
    if not (1 <= width <= SIDE and 1 <= height <= SIDE):
        raise UserError(f"{where} has {width} x {height} pixels; allowed are at most {SIDE} x {SIDE}")
