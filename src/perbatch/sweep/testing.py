"""What chosen runs reach on the test data, which nothing else looks at."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import r2_score

from perbatch.backprop import Network
from perbatch.data import Prepared, load, load_summary
from perbatch.errors import UserError


def on_test_data(runs: pd.DataFrame, weights: np.ndarray, folder: Path) -> pd.DataFrame:
    """Return identity, test_loss, test_accuracy and test_r2 of rows of the table of runs.

    `weights` has the final parameters of each of the rows. Accuracy is of classes, R^2 of numbers: the other
    one is nan.
    """
    data = load_prepared(folder, set(runs["data_digest"]))
    rows = []
    for run, theta in zip(runs.itertuples(), weights, strict=True):
        network = network_of(run)
        theta = theta[: network.n_parameters].astype(network.dtype)
        rows.append(
            {
                "identity": run.identity,
                "test_loss": network.loss(theta, data.X_test, data.y_test),
                **_scores(run.task, network.predict(theta, data.X_test), data.y_test),
            }
        )
    return pd.DataFrame(rows, columns=["identity", "test_loss", "test_accuracy", "test_r2"])


def _scores(task: str, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    if task == "classification":
        return {"test_accuracy": float(np.mean(outputs.argmax(axis=1) == targets)), "test_r2": np.nan}
    # A network that diverged predicts no numbers.
    r2 = r2_score(targets, outputs) if np.isfinite(outputs).all() else np.nan
    return {"test_accuracy": np.nan, "test_r2": float(r2)}


def read_weights(path: Path, runs: int) -> np.ndarray:
    """Read the final weights, a row a run of runs.csv."""
    try:
        weights = np.load(path, mmap_mode="r")  # the chosen runs' rows alone are read
    except (OSError, ValueError, EOFError) as error:
        raise UserError(f"{path} cannot be read ({error}): run the stage train again") from None
    if weights.ndim != 2 or len(weights) != runs:
        raise UserError(
            f"{path} has {len(weights)} rows for the {runs} runs of runs.csv: they are not of one sweep"
        )
    return weights


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
