"""The registry: a model without pickle that answers as its network does, and one champion at a time."""

import json
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
import yaml
from mlflow.exceptions import MlflowException

from perbatch.backprop import Network
from perbatch.backprop.activations import ACTIVATIONS
from perbatch.tracking import Registry, Served, locate, registry

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # MLflow's, of type hints

NAMES = [f"x{column}" for column in range(6)]
OFFSET, FACTOR = np.arange(6.0), np.array([1.0, 0.5, 2.0, 0.0, 0.1, 1.0])
RAW = np.random.default_rng(1).normal(0.0, 3.0, (5, 6))
SCALED = (RAW - OFFSET) * FACTOR


def made(network: Network, seed: int = 0, **changes) -> Served:
    theta = network.init(np.random.default_rng(seed))
    layers = [(W, np.zeros(W.shape[1], W.dtype) if b is None else b) for W, b in network.unpack(theta)]
    settings = {
        "feature_names": NAMES,
        "image_shape": None,
        "classes": ["no", "yes", "may be"],
        "target": (0.0, 1.0),
        **changes,
    }
    return Served(
        layers=layers,
        activation=network.activation,
        output=network.output,
        loss=network.loss_name,
        offset=OFFSET,
        factor=FACTOR,
        example=RAW[:2],
        **settings,
    )


def answers(served: Served, folder: Path, inputs) -> pd.DataFrame:
    registry.save(served, folder / "model")
    return mlflow.pyfunc.load_model(str(folder / "model")).predict(inputs)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(("bias", "dtype"), [(True, "float64"), (False, "float32")])
def test_answers_as_the_network_does(activation: str, bias: bool, dtype: str, tmp_path: Path) -> None:
    network = Network((6, 5, 4, 3), activation=activation, bias=bias, dtype=dtype)
    logits = network.predict(network.init(np.random.default_rng(0)), SCALED).astype(float)
    told = answers(made(network), tmp_path, pd.DataFrame(RAW, columns=NAMES))
    powers = np.exp(logits)
    assert told["class"].tolist() == [["no", "yes", "may be"][best] for best in logits.argmax(axis=1)]
    assert np.allclose(told["probability"], (powers / powers.sum(axis=1, keepdims=True)).max(axis=1), 1e-5)


def test_a_regression_answers_in_the_unit_of_its_targets(tmp_path: Path) -> None:
    network = Network((6, 4, 1), activation="tanh", loss="squared_error", output="sigmoid")
    theta = network.init(np.random.default_rng(0))
    served = made(network, classes=[], target=(150.0, 7.0))
    told = answers(served, tmp_path, pd.DataFrame(RAW, columns=NAMES))
    assert np.allclose(told["prediction"], network.predict(theta, SCALED)[:, 0] * 7.0 + 150.0)


def test_squared_errors_of_classes_have_no_probability(tmp_path: Path) -> None:
    served = made(Network((6, 3), loss="squared_error"))
    told = answers(served, tmp_path, pd.DataFrame(RAW, columns=NAMES))
    assert list(told.columns) == ["class"] == served.signature.outputs.input_names()


def test_columns_are_found_by_name_and_images_by_shape(tmp_path: Path) -> None:
    network = Network((6, 3))
    table = pd.DataFrame(RAW, columns=NAMES)
    turned = table[NAMES[::-1]]
    by_name = answers(made(network), tmp_path / "a", turned)
    as_images = answers(made(network, image_shape=(2, 3)), tmp_path / "b", RAW.reshape(-1, 2, 3))
    assert by_name.equals(as_images)
    with pytest.raises(MlflowException, match="x3"):
        mlflow.pyfunc.load_model(str(tmp_path / "a" / "model")).predict(table.drop(columns="x3"))
    with pytest.raises(MlflowException, match=r"\(-1, 2, 3\)"):
        mlflow.pyfunc.load_model(str(tmp_path / "b" / "model")).predict(RAW.reshape(-1, 3, 2))


def test_a_number_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MlflowException, match="finite"):
        answers(made(Network((6, 3))), tmp_path, pd.DataFrame(RAW * np.nan, columns=NAMES))


def test_the_saved_model_holds_no_pickle_and_says_what_it_needs(tmp_path: Path) -> None:
    registry.save(made(Network((6, 3))), tmp_path / "model")
    files = {path.name for path in (tmp_path / "model").rglob("*") if path.is_file()}
    assert not {name for name in files if name.endswith((".pkl", ".pickle", ".joblib", ".pyc"))}
    described = yaml.safe_load((tmp_path / "model" / "MLmodel").read_text())
    assert [column["name"] for column in json.loads(described["signature"]["inputs"])] == NAMES
    assert "input_example.json" in files
    needed = (tmp_path / "model" / "requirements.txt").read_text()
    assert all(f"{package}==" in needed for package in registry.REQUIREMENTS)
    assert "perbatch" not in needed
    assert "import perbatch" not in registry.CODE.read_text()


@pytest.mark.slow
def test_one_champion_each_identity_once_and_versions_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = locate(None, tmp_path)
    assert Registry(store, "toy").champion == ""
    assert not list(tmp_path.rglob("*.db"))
    experiment = store.experiment("toy")
    run = store.client.create_run(
        experiment.id, tags={"perbatch.identity": "a" * 64, "perbatch.kind": "run"}
    ).info.run_id
    first = Registry(store, "toy").crown(
        "a" * 64, experiment, made(Network((6, 3))), {"test_accuracy": "0.9"}
    )
    assert Registry(store, "toy").champion == "a" * 64
    second = Registry(store, "toy").crown("b" * 64, experiment, made(Network((6, 3)), seed=1), {})
    assert (first, second) == (1, 2)
    again = Registry(store, "toy").crown("a" * 64, experiment, made(Network((6, 3))), {})
    assert again == first
    versions = store.client.search_model_versions("name = 'perbatch-toy'")
    assert {version.version: version.tags["perbatch.identity"][0] for version in versions} == {1: "a", 2: "b"}
    kept = store.client.get_model_version_by_alias("perbatch-toy", "champion")
    assert (kept.version, kept.run_id, kept.tags["test_accuracy"]) == (1, run, "0.9")
    assert store.client.get_run(run).outputs.model_outputs[0].model_id in kept.source
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store.uri)
    model = mlflow.pyfunc.load_model("models:/perbatch-toy@champion")
    assert len(model.predict(pd.DataFrame(RAW, columns=NAMES))) == 5
