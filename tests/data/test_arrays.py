"""A user's own arrays."""

import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from perbatch.data import Source
from perbatch.data.readers import arrays
from perbatch.errors import UserError

X = np.arange(12.0).reshape(4, 3)
Y = np.array(["no", "yes", "no", "yes"])


def read(tmp_path: Path, **content: Any) -> Source:
    np.savez(tmp_path / "own.npz", **{"X": X, "y": Y, **content})
    return arrays.read(str(tmp_path / "own.npz"))


def test_a_file_and_a_folder_give_the_same(tmp_path: Path) -> None:
    source = read(tmp_path)
    assert np.array_equal(source.X, X) and np.array_equal(source.y, [0, 1, 0, 1])
    assert source.classes == ("no", "yes")
    np.save(tmp_path / "features.npy", np.asfortranarray(X.astype(">f4")))
    np.save(tmp_path / "labels.npy", Y[:, None])
    folder = arrays.read(str(tmp_path), X="features", y="labels")
    assert np.array_equal(folder.X, X) and np.array_equal(folder.y, source.y)
    assert folder.X.dtype == np.float64 and folder.X.flags.c_contiguous
    np.savez_compressed(tmp_path / "own.npz", X=X, y=Y)
    assert np.array_equal(arrays.read(str(tmp_path / "own.npz")).X, X)


def test_images_keep_their_shape_and_bytes_their_size(tmp_path: Path) -> None:
    source = read(tmp_path, X=np.arange(24, dtype=np.uint8).reshape(4, 2, 3))
    assert (source.image_shape, source.X.shape, source.X.dtype) == ((2, 3), (4, 6), np.uint8)


@pytest.mark.parametrize(
    ("y", "task", "classes"),
    [
        ([3, 1, 3, 1], "classification", ("1", "3")),
        ([True, False, True, False], "classification", ("False", "True")),
        ([0.5, 1, 2, 3], "regression", ()),
        ([1.0, 2.0, 1.0, 2.0], "classification", ("1", "2")),
    ],
)
def test_the_kind_is_inferred(tmp_path: Path, y: list, task: str, classes: tuple[str, ...]) -> None:
    source = read(tmp_path, y=np.array(y))
    assert (source.task, source.classes) == (task, classes)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"y": Y[:3]}, r"y of own.npz has the shape \(3,\); \(4,\) is needed"),
        ({"y": np.array([Y, Y]).T}, r"y of own.npz has the shape \(4, 2\)"),
        ({"X": X[:, 0]}, r"X of own.npz has the shape \(4,\); \(n, features\) is needed"),
        ({"X": X.astype(complex)}, "X in own.npz has the type complex128; allowed are numbers"),
        ({"X": X.astype(str)}, "X of own.npz has the type <U32; numbers of at most 64 bits"),
        ({"X": X.astype(object)}, "X in own.npz has the type object; allowed are numbers"),
        ({"X": np.full((4, 3), 2**60)}, r"X of own.npz has whole numbers beyond 2\^53"),
        (
            {"X": np.where(X == 5, np.nan, X)},
            r"column 'x2' of X of own.npz has no value in 1 row, row 2 \(X\[1\]\)",
        ),
        ({"y": np.array([0.5, np.inf, 1, 2])}, "y of own.npz has inf in row 2"),
        ({"y": Y.astype([("a", "U3")])}, "y in own.npz has the type"),
        ({"y": np.array(["no", "", "no", "yes"])}, "y of own.npz has no value in row 2"),
    ],
)
def test_what_no_array_may_be_is_named(tmp_path: Path, content: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        read(tmp_path, **content)


class Malicious:
    """Its pickle, once loaded, writes a file."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.trace,))


def test_no_pickle_is_ever_executed(tmp_path: Path) -> None:
    trace, folder = tmp_path / "executed", tmp_path / "own"
    folder.mkdir()
    evil = np.array([Malicious(trace)] * 4, dtype=object)
    with pytest.raises(UserError, match="has the type object"):
        read(tmp_path, X=evil)
    np.save(folder / "X.npy", evil, allow_pickle=True)
    np.save(folder / "y.npy", Y)
    with pytest.raises(UserError, match="has the type object"):
        arrays.read(str(folder))
    (folder / "X.npy").write_bytes(pickle.dumps(Malicious(trace)))
    with pytest.raises(UserError, match=r"no \.npy array, or its header is damaged"):
        arrays.read(str(folder))
    assert not trace.exists()


def test_a_header_that_lies_makes_no_room(tmp_path: Path) -> None:
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "y.npy", Y)
    whole = (tmp_path / "X.npy").read_bytes()
    for shape, sentence in ((b"(9, 3)", "says 216 bytes, 96 follow"), (b"(1<<40)", "header is damaged")):
        (tmp_path / "X.npy").write_bytes(whole.replace(b"(4, 3)", shape))
        with pytest.raises(UserError, match=sentence):
            arrays.read(str(tmp_path))
    huge = whole.replace(b"(4, 3), }    ", b"(4, 999999999)}")
    assert len(huge) > len(whole)
    (tmp_path / "X.npy").write_bytes(huge)
    with pytest.raises(UserError, match=r"has 31999999968 bytes; allowed|header is damaged"):
        arrays.read(str(tmp_path))


def test_a_damaged_or_lying_archive(tmp_path: Path) -> None:
    read(tmp_path)
    path = tmp_path / "own.npz"
    whole = path.read_bytes()
    place = whole.index(X.tobytes()) + 9
    for content, sentence in (
        (b"", "is not a readable zip archive"),
        (whole[:-30], "is not a readable zip archive"),
        (whole[:place] + b"\xff" + whole[place + 1 :], "X in own.npz is damaged .*CRC"),
    ):
        path.write_bytes(content)
        with pytest.raises(UserError, match=sentence):
            arrays.read(str(path))
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("other.npy", b"")
    with pytest.raises(UserError, match=r"own\.npz has no array 'X'; it has other"):
        arrays.read(str(path))


def test_a_path_that_holds_no_arrays(tmp_path: Path) -> None:
    (tmp_path / "own.npy").write_bytes(b"")
    for path in ("own.npy", "none.npz"):
        with pytest.raises(UserError, match=r"needed is an \.npz file or a folder of \.npy files"):
            arrays.read(str(tmp_path / path))
    with pytest.raises(UserError, match=r"has no file X\.npy"):
        arrays.read(str(tmp_path))
