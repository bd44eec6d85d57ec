"""What the tests of whole sweeps share: a copy of the checkout, a root of one's own, an undisturbed sweep."""

import shutil
from pathlib import Path

import pytest

from processes import BASIC, GRID, Place, copy_checkout


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Path:
    return copy_checkout(tmp_path_factory.mktemp("checkout"), prepared)


@pytest.fixture
def place(tmp_path: Path, checkout: Path) -> Place:
    return Place(tmp_path / "root", checkout)


@pytest.fixture(scope="session")
def straight(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> Place:
    """The grid, trained without any disturbance."""
    place = Place(tmp_path_factory.mktemp("straight"), checkout)
    place.run(*GRID, BASIC)
    return place


@pytest.fixture
def done(straight: Place, tmp_path: Path) -> Place:
    """A copy of what the undisturbed sweep left, to be harmed."""
    shutil.copytree(straight.root, tmp_path / "done")
    return Place(tmp_path / "done", straight.checkout)
