"""MNIST and its format."""

import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from omegaconf import OmegaConf

from perbatch.data.downloads import PublicFile
from perbatch.data.idx import read_idx
from perbatch.data.preparation import prepare
from perbatch.data.readers import mnist
from perbatch.errors import UserError
from perbatch.runs import places


def packed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)  # else it has the time in it


def idx(array: np.ndarray, kind: int = 8) -> bytes:
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, kind, array.ndim]) + sizes + array.tobytes()


IMAGES = np.arange(2 * 28 * 28, dtype=np.uint32).astype(np.uint8).reshape(2, 28, 28)
WHOLE = packed(idx(IMAGES))


def test_an_array_comes_back(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(WHOLE)
    assert np.array_equal(read_idx(tmp_path / "a.gz"), IMAGES)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is no IDX file of unsigned bytes: it begins with nothing"),
        (b"not gzip", "is damaged or not packed by gzip"),
        (WHOLE[:-1], "is damaged or not packed by gzip"),
        (WHOLE[:-8] + bytes(8), "is damaged or not packed by gzip"),
        (packed(idx(IMAGES)[:-1]), "its header says 1568 bytes, 1567 follow"),
        (packed(idx(IMAGES) + b"\0"), "its header says 1568 bytes, more follow"),
        (packed(idx(IMAGES, kind=9)), "it begins with 00 00 09 03"),
        (packed(b"\0\0\x08\x03\0\0"), "it ends within its header"),
        (packed(b"\0\0\x08\x02" + b"\xff" * 8), "says that it holds 18446744065119617025 bytes"),
    ],
)
def test_a_file_that_is_damaged_is_refused_by_name(content: bytes, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(content)
    with pytest.raises(UserError, match=rf"^{tmp_path / 'a.gz'} .*{sentence}"):
        read_idx(tmp_path / "a.gz")


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, np.ndarray], None]:
    """Puts a file of an array in the place of one of MNIST's."""
    monkeypatch.setenv("PERBATCH_DATA", str(tmp_path))
    monkeypatch.setenv("PERBATCH_OFFLINE", "1")

    def make(name: str, array: np.ndarray) -> None:
        content = packed(idx(array.astype(np.uint8)))
        (tmp_path / name).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        monkeypatch.setitem(mnist.FILES, name, PublicFile("mnist", name, (digest,), ("http://x/",)))

    for part, size in (("train", 20), ("t10k", 10)):
        make(f"{part}-images-idx3-ubyte.gz", np.full((size, 28, 28), size))
        make(f"{part}-labels-idx1-ubyte.gz", np.arange(size) % 10)
    return make


def test_its_own_test_images_stay_apart(files: Callable[[str, np.ndarray], None]) -> None:
    source = mnist.read()
    assert source.X.shape == (30, 784) and source.X.dtype == np.uint8
    assert source.for_test is not None and set(source.X[source.for_test].ravel()) == {10}


@pytest.mark.parametrize(
    ("name", "shape", "sentence"),
    [
        ("train-labels-idx1-ubyte.gz", (19,), "train files hold 20 images and 19 labels"),
        ("t10k-images-idx3-ubyte.gz", (10, 27, 28), r"shapes \(10, 27, 28\) and \(10,\)"),
        ("t10k-labels-idx1-ubyte.gz", (10, 1), r"shapes \(10, 28, 28\) and \(10, 1\)"),
    ],
)
def test_files_that_do_not_fit_each_other(
    files: Callable[[str, np.ndarray], None], name: str, shape: tuple[int, ...], sentence: str
) -> None:
    files(name, np.zeros(shape))
    with pytest.raises(UserError, match=sentence):
        mnist.read()


def test_the_real_mnist(real_data: Path, tmp_path: Path) -> None:
    source = mnist.read()
    assert source.X.shape == (70000, 784) and source.for_test is not None
    assert np.array_equal(np.flatnonzero(source.for_test), np.arange(60000, 70000))
    assert (source.y[0], source.y[60000], int(source.X[0].sum())) == (5, 7, 27525)
    settings = OmegaConf.to_container(OmegaConf.load(places.CONF / "data" / "mnist.yaml"))
    assert isinstance(settings, dict)
    settings["split"] = {"train": 1000, "validation": 500, "test": 500, "seed": 0}
    summary = prepare(source, settings, tmp_path / "mnist")
    assert summary["feature_range"] == [0.0, 1.0]
    counts = np.bincount(np.load(tmp_path / "mnist" / "y_train.npy"))
    assert np.abs(counts - np.bincount(source.y[:60000]) / 60).max() <= 2
