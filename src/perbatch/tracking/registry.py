"""The model registry: each data set's best network, under the alias `champion`, ready to be served."""

import io
import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from perbatch.tracking.store import Experiment, Store

if TYPE_CHECKING:
    import pandas as pd
    from mlflow.models import ModelSignature

ALIAS = "champion"
IDENTITY_TAG = "perbatch.identity"
CODE = Path(__file__).with_name("network_model.py")
REQUIREMENTS = ("mlflow", "numpy", "pandas")


@dataclass(frozen=True)
class Served:
    """A trained network, and what one must know to feed it and to read its answer.

    `layers` are (W, b) of each layer, b of zeros where there are no biases; a feature x enters as
    (x - offset) * factor. `image_shape` is None, or else the inputs are images of that shape. `classes` are
    names, none for a regression, whose outputs are scaled back with `target` (mean, scale).
    `example` are a few rows of unscaled features.
    """

    layers: Sequence[tuple[np.ndarray, np.ndarray]]
    activation: str
    output: str
    loss: str
    offset: np.ndarray
    factor: np.ndarray
    feature_names: Sequence[str]
    image_shape: tuple[int, ...] | None
    classes: Sequence[str]
    target: tuple[float, float]
    example: np.ndarray

    def npz(self) -> bytes:
        """The arrays that `network_model.py` reads."""
        arrays: dict[str, np.ndarray] = {
            "layers": np.array(len(self.layers)),
            "activation": np.array(self.activation),
            "output": np.array("identity" if self.output == "linear" else self.output),
            "loss": np.array(self.loss),
            "offset": self.offset,
            "factor": self.factor,
            "classes": np.array(self.classes, dtype=str),
            "target": np.array(self.target),
        }
        for layer, (W, b) in enumerate(self.layers):
            arrays |= {f"W{layer}": W, f"b{layer}": b}
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **arrays)
        return buffer.getvalue()

    @property
    def signature(self) -> "ModelSignature":
        """Features by name, or images by shape; a class with its probability, or a number."""
        from mlflow.models import ModelSignature
        from mlflow.types import ColSpec, Schema, TensorSpec

        inputs: list[ColSpec | TensorSpec] = [ColSpec("double", name) for name in self.feature_names]
        if self.image_shape:
            inputs = [TensorSpec(np.dtype(np.float64), (-1, *self.image_shape))]
        outputs: list[ColSpec | TensorSpec] = [ColSpec("double", "prediction")]
        if self.classes:
            outputs = [ColSpec("string", "class")]
            if self.loss == "cross_entropy":
                outputs.append(ColSpec("double", "probability"))
        return ModelSignature(inputs=Schema(inputs), outputs=Schema(outputs))

    @property
    def input_example(self) -> "np.ndarray | pd.DataFrame":
        """The example in the form that the signature asks for."""
        import pandas as pd

        if self.image_shape:
            return self.example.reshape(-1, *self.image_shape)
        return pd.DataFrame(self.example, columns=list(self.feature_names))


@dataclass(frozen=True)
class Registry:
    """The registered model `perbatch-<data>` of one data set in one store."""

    store: Store
    data: str

    @property
    def name(self) -> str:
        """The registered model's name."""
        return f"perbatch-{self.data}"

    @cached_property
    def champion(self) -> str:
        """The identity of the run that is champion now, empty where there is none or its files are gone.

        Makes nothing.
        """
        if self.store.lost_model(self.name, ALIAS):
            return ""
        return self.store.alias_tag(self.name, ALIAS, IDENTITY_TAG)

    def crown(self, identity: str, experiment: Experiment, served: Served, tags: Mapping[str, str]) -> int:
        """Make the network of a run the champion and return its version, an earlier one if it has one.

        The former champion keeps its version and loses the alias. `tags` are the version's. Its files are put
        back where they were deleted from the embedded store.
        """
        version = self._version_of(identity) or self._register(identity, experiment, served, tags)
        self.store.client.set_registered_model_alias(self.name, ALIAS, str(version))
        if place := self.store.lost_model(self.name, ALIAS):
            made = self.store.client.get_model_version(self.name, str(version))
            with tempfile.TemporaryDirectory() as folder:
                model = Path(folder) / "model"
                save(served, model, run_id=made.run_id, model_id=made.model_id)
                shutil.copytree(model, place, dirs_exist_ok=True)
        return version

    def _version_of(self, identity: str) -> int:
        condition = f"name = '{self.name}' and tags.`{IDENTITY_TAG}` = '{identity}'"
        found = self.store.client.search_model_versions(condition)
        return max((int(each.version) for each in found), default=0)

    def _register(
        self, identity: str, experiment: Experiment, served: Served, tags: Mapping[str, str]
    ) -> int:
        from mlflow.entities import LoggedModelOutput

        client = self.store.client
        asked = f"tags.`{IDENTITY_TAG}` = '{identity}' and tags.`perbatch.kind` = 'run'"
        run = next((each.info.run_id for each in self.store.runs([experiment.id], asked)), None)
        marks = {IDENTITY_TAG: identity, **tags}
        logged = client.create_logged_model(experiment.id, name=self.name, source_run_id=run, tags=marks)
        try:
            with tempfile.TemporaryDirectory() as folder:
                model = Path(folder) / "model"
                save(served, model, run_id=run, model_id=logged.model_id)
                client.log_model_artifacts(logged.model_id, str(model))
        except BaseException:
            client.finalize_logged_model(logged.model_id, "FAILED")
            raise
        client.finalize_logged_model(logged.model_id, "READY")
        if run:
            client.log_outputs(run, [LoggedModelOutput(logged.model_id, step=0)])
        if not client.search_registered_models(f"name = '{self.name}'"):
            client.create_registered_model(self.name, description=f"Networks trained on {self.data}.")
        with _default_store(self.store.uri):
            made = client.create_model_version(
                self.name,
                logged.artifact_location,
                run,
                tags=marks,
                model_id=logged.model_id,
                await_creation_for=0,  # it is ready at once, and waiting would be announced
            )
        return int(made.version)


@contextmanager
def _default_store(uri: str) -> Iterator[None]:
    """Make the store MLflow's default: its SQL registry looks for a logged model there, whatever its own."""
    before = os.environ.get("MLFLOW_TRACKING_URI")
    os.environ["MLFLOW_TRACKING_URI"] = uri
    try:
        yield
    finally:
        del os.environ["MLFLOW_TRACKING_URI"]
        if before is not None:
            os.environ["MLFLOW_TRACKING_URI"] = before


def save(served: Served, folder: Path, run_id: str | None = None, model_id: str | None = None) -> None:
    """Write an MLflow model into the new `folder`: code, arrays, signature, example, requirements."""
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
        logging.getLogger("mlflow.pyfunc").setLevel(logging.WARNING)
        warnings.simplefilter("ignore")  # of MLflow's own type hints, and of what it asks of pandas
        from mlflow import pyfunc
        from mlflow.models import Model

        arrays = Path(scratch) / "network.npz"
        arrays.write_bytes(served.npz())
        pyfunc.save_model(
            folder,
            python_model=str(CODE),
            artifacts={"network": str(arrays)},
            signature=served.signature,
            input_example=served.input_example,
            # Named, so that MLflow does not run the model to find out what it imports.
            pip_requirements=[f"{package}=={version(package)}" for package in REQUIREMENTS],
            mlflow_model=Model(run_id=run_id, model_id=model_id),
        )
