import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from perbatch.data import Source

SETTINGS = {
    "name": "tiny",
    "reader": {"_target_": "somewhere.read", "path": "tiny.csv"},
    "split": {"train": 20, "validation": 8, "test": 8, "seed": 0},
    "scaling": "standard",
}


def source_of(
    y: np.ndarray, classes: tuple[str, ...] = (), X: np.ndarray | None = None, **other: Any
) -> Source:
    """A source whose first feature is the row's number, so that a test can follow each row."""
    if X is None:
        rng = np.random.default_rng(0)
        X = np.column_stack([np.arange(len(y), dtype=float), rng.normal(size=(len(y), 2))])
    names = tuple(f"f{column}" for column in range(X.shape[-1]))
    words = {"feature_names": names, "title": "Tiny", "origin": "here", "licence": "CC0"}
    return Source(X=X, y=y, classes=classes, **{**words, **other})


def labels_of(*members: int) -> np.ndarray:
    """So many labels 0, so many 1, ..., in a fixed random order."""
    labels = np.repeat(np.arange(len(members)), members)
    return np.random.default_rng(1).permutation(labels)


@pytest.fixture
def real_data(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of public files that PERBATCH_DATA names, or else the one beside the checkout."""
    folder = Path(os.environ.get("PERBATCH_DATA") or Path(__file__).parents[3] / "shared" / "data")
    if not (folder / "mnist").is_dir() or not (folder / "omniglot").is_dir():
        pytest.skip(f"no mnist/ and omniglot/ in {folder} (PERBATCH_DATA names another folder)")
    monkeypatch.setenv("PERBATCH_DATA", str(folder))
    monkeypatch.setenv("PERBATCH_OFFLINE", "1")
    return folder


@pytest.fixture(scope="session")
def make_source() -> Callable[..., Source]:
    return source_of


@pytest.fixture(scope="session")
def make_labels() -> Callable[..., np.ndarray]:
    return labels_of


@pytest.fixture
def settings() -> dict[str, Any]:
    """A private copy that a test may change."""
    return {key: dict(value) if isinstance(value, dict) else value for key, value in SETTINGS.items()}


@pytest.fixture
def classification() -> Source:
    return source_of(labels_of(20, 12, 8), classes=("a", "b", "c"))


@pytest.fixture
def regression() -> Source:
    return source_of(np.random.default_rng(2).normal(150.0, 50.0, size=40))
