"""The same bits: trained again, in one process or several, interrupted, or from another directory."""

import hashlib
from pathlib import Path

import pytest

from processes import BASIC, Place, kill, wait_for

ENGINE = "compiled"
GRID = ("batch_size=1,32,full", "learning_rate=0.1", "seed=0,1", "repeat=never,until_satisfied", "epochs=3")


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> Place:
    """The grid, trained straight through in one process."""
    place = Place(tmp_path_factory.mktemp("straight"), checkout, ENGINE)
    place.run(*GRID, BASIC)
    return place


@pytest.fixture
def place(straight: Place, tmp_path: Path) -> Place:
    return Place(tmp_path / "root", straight.checkout, ENGINE)


def weights(place: Place) -> dict[str, str]:
    """The digest of each run's weights, by its identity."""
    return {
        path.parent.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in place.root.glob("runs/*/theta.npy")
    }


def assert_same(place: Place, straight: Place) -> None:
    assert len(weights(straight)) == 12
    assert weights(place) == weights(straight)
    assert place.tables() == straight.tables()


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_joblibs_workers_give_the_same_bits(place: Place, straight: Place, workers: int) -> None:
    place.run(*GRID, "hydra/launcher=joblib", f"hydra.launcher.n_jobs={workers}")
    assert_same(place, straight)


@pytest.mark.slow
def test_interrupted_resumed_and_trained_again_elsewhere_gives_the_same_bits(
    place: Place, straight: Place, tmp_path: Path
) -> None:
    process = place.start(*GRID, BASIC)
    wait_for(lambda: len(place.stamps()) >= 4, process)
    kill(process)
    kept = place.stamps()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert f"{len(kept)} reused" in place.run(*GRID, BASIC, cwd=elsewhere)
    assert kept.items() < place.stamps().items()
    assert_same(place, straight)
    place.run(*GRID, BASIC, "rerun=true", cwd=elsewhere)
    assert not kept.items() & place.stamps().items()
    assert_same(place, straight)
    assert list(elsewhere.iterdir()) == []
