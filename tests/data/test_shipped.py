"""The two data sets that come with scikit-learn, prepared with the settings of `conf/data/`."""

from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from omegaconf import OmegaConf

from perbatch.data import Source, load
from perbatch.data.preparation import prepare

OPTIONS = sorted((Path(__file__).parents[2] / "conf" / "data").glob("*.yaml"))


def settings_of(name: str) -> dict[str, Any]:
    path = next(path for path in OPTIONS if path.stem == name)
    settings: Any = OmegaConf.to_container(OmegaConf.load(path))
    return settings


def option(name: str) -> tuple[Source, dict[str, Any]]:
    settings = settings_of(name)
    module, function = settings["reader"]["_target_"].rsplit(".", 1)
    return getattr(import_module(module), function)(), settings


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


@pytest.mark.parametrize("path", OPTIONS, ids=lambda path: path.stem)
def test_an_option_is_called_as_its_file_and_explains_every_key(path: Path) -> None:
    assert settings_of(path.stem)["name"] == path.stem
    lines = path.read_text().splitlines()
    for before, line in pairwise(lines):
        if line.strip() and not line.strip().startswith(("#", "_target_", "split:", "- ")):
            assert before.strip().startswith("#"), f"no comment above {line!r}"
