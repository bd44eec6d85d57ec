"""What chosen runs reach on the test data, which nothing else looks at; and what knowing nothing reaches."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from perbatch.backprop import Network
from perbatch.data import Prepared, load, load_summary
from perbatch.errors import UserError


class Weights:
    """The final parameters of a sweep's runs by identity, each read when asked for."""

    def __init__(self, folder: Path) -> None:
        """`folder` holds the tables of the sweep; a UserError where they do not fit each other."""
        path = folder / "weights.npy"
        runs = pd.read_csv(folder / "runs.csv", usecols=["identity", "n_parameters", "dtype"])
        try:
            self._stacked = np.load(path, mmap_mode="r")
        except (OSError, ValueError, EOFError) as error:
            raise UserError(f"{path} cannot be read ({error}): run the stage train again") from None
        if self._stacked.ndim != 2 or len(self._stacked) != len(runs):
            raise UserError(
                f"{path} has {len(self._stacked)} rows for the {len(runs)} runs of runs.csv: they are not of "
                "one sweep"
            )
        self._runs = {run.identity: (place, run) for place, run in enumerate(runs.itertuples())}

    def __getitem__(self, identity: str) -> np.ndarray:
        """Return the parameters (n_parameters,) in the run's dtype; a UserError for one of another sweep."""
        if identity not in self._runs:
            raise UserError(f"the run {identity} is not in runs.csv, so its weights are not known")
        place, run = self._runs[identity]
        return self._stacked[place, : int(run.n_parameters)].astype(run.dtype)


def on_test_data(runs: pd.DataFrame, weights: Weights, folder: Path) -> pd.DataFrame:
    """Return identity, test_loss, test_accuracy and test_r2 of rows of the table of runs.

    Accuracy is of classes, R^2 of numbers: the other one is nan.
    """
    data = load_prepared(folder, set(runs["data_digest"]))
    rows = []
    for run in runs.itertuples():
        network, theta = network_of(run), weights[run.identity]
        rows.append(
            {
                "identity": run.identity,
                "test_loss": network.loss(theta, data.X_test, data.y_test),
                **_scores(run.task, network.predict(theta, data.X_test), data.y_test),
            }
        )
    return pd.DataFrame(rows, columns=["identity", "test_loss", "test_accuracy", "test_r2"])


def constant_losses(runs: pd.DataFrame, prepared: Path) -> pd.Series:
    """Return `constant_loss` of each row of the table of runs; `prepared` has a folder a data set."""
    losses = pd.Series(np.nan, runs.index)
    for (name, loss), alike in runs.groupby(["data", "loss"]):
        data = load_prepared(prepared / str(name), set(alike["data_digest"]))
        losses[alike.index] = constant_loss(data.y_train, data.y_validation, str(loss))
    return losses


def constant_loss(train: np.ndarray, validation: np.ndarray, loss: str) -> float:
    """Mean loss over `validation` (m,) of an answer that ignores the input, learned from `train` (n,).

    Integers are labels: the answer is the shares of the classes, under cross-entropy. Other numbers: their
    mean, under half the squared difference.
    """
    labels = np.issubdtype(train.dtype, np.integer)
    if loss == "cross_entropy" and labels:
        shares = np.bincount(train, minlength=int(validation.max()) + 1) / len(train)
        with np.errstate(divide="ignore"):
            return float(-np.log(shares[validation]).mean())
    if loss == "squared_error" and not labels:
        return float(np.square(validation - train.mean()).mean() / 2)
    raise NotImplementedError(f"the constant answer to {train.dtype} under the loss {loss}")


def _scores(task: str, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    if task == "classification":
        return {"test_accuracy": float(np.mean(outputs.argmax(axis=1) == targets)), "test_r2": np.nan}
    # A network that diverged predicts no numbers.
    from sklearn.metrics import r2_score  # takes half a second, and only a regression needs it

    r2 = r2_score(targets, outputs) if np.isfinite(outputs).all() else np.nan
    return {"test_accuracy": np.nan, "test_r2": float(r2)}


def summary_of(folder: Path) -> dict[str, Any]:
    """Return what prepared data say of themselves: title, origin, licence, digest, split."""
    try:
        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        return load_summary(folder, summary["settings"])
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(f"the prepared data in {folder} are missing or damaged: prepare them again") from None


def network_of(run: Any) -> Network:
    """Return the network of a row of the table of runs."""
    return Network(
        sizes=tuple(map(int, run.sizes.split("-"))),
        activation=run.activation,
        loss=run.loss,
        bias=run.bias,
        dtype=run.dtype,
        output=run.output,
    )


def load_prepared(folder: Path, digests: set[str]) -> Prepared:
    """Return the prepared data of that folder; a UserError where runs were trained on others."""
    data = load(folder, summary_of(folder)["settings"])
    if digests - {data.summary["digest"]}:
        raise UserError(f"the data in {folder} are not those that the runs were trained on: train again")
    return data
