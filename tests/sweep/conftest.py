"""What the tests of whole sweeps share: a copy of the checkout, a root of one's own, an undisturbed sweep."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from hydra.core.global_hydra import GlobalHydra

import train
from perbatch.runs import places
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


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Iterator[SimpleNamespace]:
    """A root for a module's tests, and a way to call the script `train` in it, in this process."""
    root = tmp_path_factory.mktemp("root")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DVC_ROOT", str(root))
        patch.setenv("HYDRA_FULL_ERROR", "1")
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.setattr(places, "PREPARED", prepared)

        def call(*arguments: str) -> None:
            GlobalHydra.instance().clear()
            patch.setattr(sys, "argv", ["train.py", *arguments])
            train.main()

        yield SimpleNamespace(root=root, call=call)
