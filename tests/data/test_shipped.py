"""The data sets that need no download, prepared with the settings of `conf/data/`."""

import re
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from omegaconf import OmegaConf

from perbatch.data import Source, load
from perbatch.data.preparation import prepare
from perbatch.data.readers import teacher
from perbatch.errors import UserError

OPTIONS = sorted((Path(__file__).parents[2] / "conf" / "data").glob("*.yaml"))


def settings_of(name: str) -> dict[str, Any]:
    path = next(path for path in OPTIONS if path.stem == name)
    settings: Any = OmegaConf.to_container(OmegaConf.load(path))
    return settings


def option(name: str) -> tuple[Source, dict[str, Any]]:
    settings = settings_of(name)
    module, function = settings["reader"]["_target_"].rsplit(".", 1)
    own = {key: value for key, value in settings["reader"].items() if key != "_target_"}
    return getattr(import_module(module), function)(**own), settings


def test_digits(tmp_path: Path) -> None:
    source, settings = option("digits")
    assert (source.X.shape, source.task, source.image_shape) == ((1797, 64), "classification", (8, 8))
    assert (source.X.min(), source.X.max()) == (0, 16)
    prepare(source, settings, tmp_path / "digits")
    data = load(tmp_path / "digits", settings)
    assert (len(data.X_train), len(data.X_validation), len(data.X_test)) == (1000, 397, 400)
    assert data.summary["feature_range"] == [0.0, 1.0]
    shares = np.bincount(source.y) / 1797
    for y in (data.y_train, data.y_validation, data.y_test):
        assert np.abs(np.bincount(y) / len(y) - shares).max() <= 1 / len(y)


def test_diabetes(tmp_path: Path) -> None:
    source, settings = option("diabetes")
    assert (source.X.shape, source.task) == ((442, 10), "regression")
    assert source.feature_names[:3] == ("age", "sex", "bmi")
    assert source.X[0, 0] == 59  # years: raw units, not the variant scaled on all examples
    prepare(source, settings, tmp_path / "diabetes")
    data = load(tmp_path / "diabetes", settings)
    assert (len(data.X_train), len(data.X_validation), len(data.X_test)) == (264, 89, 89)
    for values in (data.X_train, data.y_train):
        assert np.allclose(values.mean(axis=0), 0) and np.allclose(values.std(axis=0), 1)
    assert abs(data.y_test.mean()) > 1e-6  # fitted on the training part alone


@pytest.mark.parametrize(
    ("name", "shape", "classes"),
    [
        ("breast_cancer_studies", (569, 30), ("malignant", "benign")),
        ("wine_studies", (178, 13), ("class_0", "class_1", "class_2")),
        ("iris_studies", (150, 4), ("setosa", "versicolor", "virginica")),
    ],
)
def test_small_sets_of_classes(
    name: str, shape: tuple[int, int], classes: tuple[str, ...], tmp_path: Path
) -> None:
    source, settings = option(name)
    assert (source.X.shape, source.classes) == (shape, classes)
    prepare(source, settings, tmp_path / name)
    data = load(tmp_path / name, settings)
    assert sum(map(len, (data.y_train, data.y_validation, data.y_test))) == shape[0]
    assert np.allclose(data.X_train.mean(axis=0), 0) and np.allclose(data.X_train.std(axis=0), 1)


def test_the_teacher_is_a_line_and_noise_of_the_size_asked_for() -> None:
    source = teacher.read(examples=20_000, features=5, noise=0.5, seed=1)
    X = source.X - source.X.mean(axis=0)
    weights, (unexplained,), *_ = np.linalg.lstsq(X, source.y - source.y.mean(), rcond=None)
    assert np.sqrt(unexplained / len(X)) == pytest.approx(0.5, rel=0.03)
    assert np.std(X @ weights) == pytest.approx(1.0, rel=0.03)
    spread = np.sort(np.linalg.eigvalsh(np.cov(X.T)))[::-1]
    assert spread == pytest.approx(1 / np.arange(1, 6), rel=0.05)
    again = teacher.read(examples=20_000, features=5, noise=0.5, seed=1)
    assert (again.y == source.y).all()


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"examples": 1}, "data.reader.examples is 1; it must be at least 2"),
        ({"features": 0}, "data.reader.features is 0; it must be at least 1"),
        ({"noise": -0.1}, "data.reader.noise is -0.1; it must be at least 0"),
    ],
)
def test_a_teacher_that_cannot_be_is_one_sentence(setting: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=re.escape(said)):
        teacher.read(**({"examples": 10, "features": 2, "noise": 0.1, "seed": 0} | setting))


@pytest.mark.parametrize("path", OPTIONS, ids=lambda path: path.stem)
def test_an_option_is_called_as_its_file_and_explains_every_key(path: Path) -> None:
    assert settings_of(path.stem)["name"] == path.stem
    lines = path.read_text().splitlines()
    for before, line in pairwise(lines):
        if line.strip() and not line.strip().startswith(("#", "_target_", "split:", "- ")):
            assert before.strip().startswith("#"), f"no comment above {line!r}"
