"""A trained network as an MLflow model: this file is copied into the model, `network.npz` beside it.

It needs NumPy, pandas and MLflow and nothing of perbatch, so that what is registered today can be served
where perbatch is not installed, or has changed. It takes features as the source has them, unscaled.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel

ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "relu": lambda z: np.maximum(z, 0.0),
    "tanh": np.tanh,
    "sigmoid": lambda z: 0.5 * (1.0 + np.tanh(0.5 * z)),
    "identity": lambda z: z,
}


class NetworkModel(PythonModel):
    """A fully connected network with the scaling of its data, and the names of its classes if it has any."""

    def load_context(self, context: Any) -> None:
        """Read the arrays; none of them is a pickle."""
        with np.load(context.artifacts["network"], allow_pickle=False) as held:
            self.held = dict(held)

    # Images come as an array; MLflow warns of a union of the two, and of no hint at all.
    def predict(
        self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Return a row an example: class and, with cross-entropy, its probability; else the prediction."""
        inputs = np.asarray(model_input, np.float64).reshape(len(model_input), -1)
        if not np.isfinite(inputs).all():
            # The server hands on what MLflow's own exception says, and of any other only its traceback.
            raise MlflowException.invalid_parameter_value("every feature must be a finite number")
        outputs = self._outputs((inputs - self.held["offset"]) * self.held["factor"])
        classes = self.held["classes"]
        if not len(classes):
            mean, scale = self.held["target"]
            return pd.DataFrame({"prediction": outputs[:, 0] * scale + mean})
        table = pd.DataFrame({"class": classes[outputs.argmax(axis=1)]})
        if str(self.held["loss"]) == "cross_entropy":
            powers = np.exp(outputs - outputs.max(axis=1, keepdims=True))
            table["probability"] = 1.0 / powers.sum(axis=1)  # the largest power is 1
        return table

    def _outputs(self, h: np.ndarray) -> np.ndarray:
        layers = int(self.held["layers"])
        for layer in range(layers):
            W, b = self.held[f"W{layer}"], self.held[f"b{layer}"]
            z = h.astype(W.dtype) @ W + b
            h = ACTIVATIONS[str(self.held["output" if layer == layers - 1 else "activation"])](z)
        return h.astype(np.float64)


set_model(NetworkModel())
