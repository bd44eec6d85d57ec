"""Omniglot's letters: from archives made here, and, where they are at hand, from the real ones."""

import hashlib
import io
import zipfile
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from PIL import Image
from threadpoolctl import threadpool_limits

from perbatch.backprop import Network, generators, train
from perbatch.data import Prepared, Source, load
from perbatch.data.downloads import PublicFile
from perbatch.data.pixels import area_average, centred
from perbatch.data.preparation import prepare
from perbatch.data.readers import letters
from perbatch.errors import UserError
from perbatch.runs import identity, places

ALL = {"alphabets": ["Latin", "Greek"], "size": 21, "centre": True, "by": "drawer"}


def drawing(seed: int, side: int = 105) -> bytes:
    """A black block somewhere on white paper, as a 1-bit PNG."""
    paper = np.full((side, side), 255, dtype=np.uint8)
    top, left = np.random.default_rng(seed).integers(5, side - 40, size=2)
    paper[top : top + 30, left : left + 10 + seed % 20] = 0
    content = io.BytesIO()
    Image.fromarray(paper).convert("1").save(content, "PNG")
    return content.getvalue()


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts an archive of the given members in the place of a real one."""
    monkeypatch.setenv("PERBATCH_DATA", str(tmp_path))
    monkeypatch.setenv("PERBATCH_OFFLINE", "1")

    def make(key: str, members: dict[str, bytes]) -> None:
        path = tmp_path / f"{key}.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for name, content in members.items():
                file.writestr(f"images/{name}", content)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        monkeypatch.setitem(
            letters.ARCHIVES, key, PublicFile("omniglot", path.name, (digest,), ("http://x/",))
        )

    return make


def alphabet(name: str, first: int, drawers: int = 3) -> dict[str, bytes]:
    return {
        f"{name}/character{letter:02d}/{first + letter:04d}_{drawer:02d}.png": drawing(
            first + 20 * letter + drawer
        )
        for letter in (1, 2)
        for drawer in range(1, drawers + 1)
    }


def test_a_class_a_letter_and_a_group_a_drawer(archive: Callable[..., None]) -> None:
    archive("small1", {**alphabet("Latin", 0), **alphabet("Greek", 100), **alphabet("Korean", 200)})
    source = letters.read(["small1"], **ALL)
    assert source.classes == ("Greek 01", "Greek 02", "Latin 01", "Latin 02")
    assert source.X.shape == (12, 441) and source.image_shape == (21, 21)
    assert (source.X.min(), source.X.max()) == (0, 1)
    assert np.array_equal(np.bincount(source.y), [3, 3, 3, 3])
    assert source.groups is not None and np.array_equal(np.unique(source.groups), [1, 2, 3])
    assert letters.read(["small1"], **{**ALL, "by": "image"}).groups is None


def test_what_stands_in_both_archives_counts_once(archive: Callable[..., None]) -> None:
    archive("small1", {**alphabet("Latin", 0), **alphabet("Greek", 100)})
    archive("small2", {**alphabet("Latin", 0), **alphabet("Tagalog", 300)})
    both = letters.read(["small1", "small2"], **{**ALL, "alphabets": ["Latin", "Tagalog"]})
    assert (len(both.X), len(both.classes)) == (12, 4)
    one = letters.read(["small1"], **{**ALL, "alphabets": ["Latin", "Greek"]})
    two = letters.read(["small1", "small2"], **ALL)
    assert np.array_equal(one.X, two.X)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"alphabets": ["Latin", "Gothic"]}, "alphabets has 'Gothic'; the archives small1 hold Greek, Latin"),
        ({"alphabets": []}, "alphabets is empty"),
        ({"archives": ["small3"]}, "archives has 'small3'; allowed are small1, small2"),
        ({"size": 0}, "size is 0; allowed is an integer from 1 to 105"),
        ({"by": "writer"}, "by is 'writer'; allowed are drawer, image"),
    ],
)
def test_settings_that_mean_nothing(
    archive: Callable[..., None], change: dict[str, Any], sentence: str
) -> None:
    archive("small1", {**alphabet("Latin", 0), **alphabet("Greek", 100)})
    with pytest.raises(UserError, match=f"^data.reader.{sentence}"):
        letters.read(**{"archives": ["small1"], **ALL, **change})


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (drawing(0, side=104), "has 104 x 104 pixels; 105 x 105 are needed"),
        (b"\x89PNG\r\n\x1a\n", "is damaged or no image"),
        (drawing(0)[:-20], "is damaged or no image"),
        (bytes(17 * 2**20), "has 17825792 bytes; allowed are 16777216"),
    ],
    ids=["size", "header", "truncated", "bomb"],
)
def test_a_member_that_is_no_such_drawing(
    archive: Callable[..., None], content: bytes, sentence: str
) -> None:
    archive("small1", {**alphabet("Latin", 0), "Greek/character01/0001_01.png": content})
    with pytest.raises(UserError, match=sentence):
        letters.read(["small1"], **ALL)


def test_a_name_that_would_leave_the_folder_is_no_drawing(
    archive: Callable[..., None], tmp_path: Path
) -> None:
    archive(
        "small1", {**alphabet("Latin", 0), **alphabet("Greek", 9), "../../evil.png": b"", "/evil.png": b""}
    )
    before = sorted(tmp_path.rglob("*"))
    assert len(letters.read(["small1"], **ALL).X) == 12
    assert sorted(tmp_path.rglob("*")) == before


def test_centring_moves_the_centre_of_mass_to_the_middle() -> None:
    ink = np.zeros((105, 105), dtype=bool)
    ink[70:91, 10:15] = True
    moved = centred(ink)
    rows, columns = np.nonzero(moved)
    assert moved.sum() == ink.sum()
    assert abs(rows.mean() - 52) <= 0.5 and abs(columns.mean() - 52) <= 0.5
    assert not centred(np.zeros((5, 5), dtype=bool)).any()


@pytest.mark.parametrize("side", [1, 4, 28, 105])
def test_averaging_areas_keeps_the_mean(side: int) -> None:
    image = np.random.default_rng(0).random((105, 105)) < 0.3
    small = area_average(image, side)
    assert small.shape == (side, side) and np.isclose(small.mean(), image.mean(), rtol=1e-12)
    assert side < 105 or np.array_equal(small, image)


def prepared_letters(folder: Path, *overrides: str) -> tuple[Source, Prepared]:
    with initialize_config_dir(str(places.CONF), version_base="1.3"):
        settings = identity.plain(compose("prepare", ["data=letters", *overrides]).data)
    source = letters.read(**{key: value for key, value in settings["reader"].items() if key != "_target_"})
    prepare(source, settings, folder)
    return source, load(folder, settings)


def test_the_real_letters_by_drawer(real_data: Path, tmp_path: Path) -> None:
    source, data = prepared_letters(tmp_path / "letters")
    assert (len(source.X), len(source.classes), source.image_shape) == (1440, 72, (28, 28))
    parts = (data.X_train, data.X_validation, data.X_test)
    assert [len(X) for X in parts] == [1000, 216, 216]
    assert source.groups is not None
    drawer = {row.tobytes(): group for row, group in zip(source.X, source.groups, strict=True)}
    drawers = [{drawer[row.tobytes()] for row in X} for X in parts]
    assert [len(some) for some in drawers] == [14, 3, 3]
    assert not any(one & other for one, other in combinations(drawers, 2))
    prepared_letters(tmp_path / "again")
    for path in (tmp_path / "letters").iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


def test_a_small_network_reads_the_hands_of_others(real_data: Path, tmp_path: Path) -> None:
    _, data = prepared_letters(tmp_path / "letters")
    network = Network((784, 64, 72))
    theta = network.init(generators(0)[0])
    with threadpool_limits(1, user_api="blas"):  # many threads are slower on such small matrices
        run = train(
            network,
            theta,
            data.X_train,
            data.y_train,
            batch_size=32,
            learning_rate=0.1,
            epochs=30,
            seed=0,
            schedule=[30_000],
        )
    assert np.mean(network.predict(run.theta, data.X_test).argmax(axis=1) == data.y_test) > 0.7
