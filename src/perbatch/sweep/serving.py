"""From a row of the table of runs to a network that can be served: its layers, and the data's scaling."""

from pathlib import Path
from typing import Any

import numpy as np

from perbatch.runs.scoring import load_prepared, network_of
from perbatch.tracking import Served

EXAMPLES = 2


def served(run: Any, theta: np.ndarray, folder: Path) -> Served:
    """Return a run's network, for features as the source of the data in `folder` has them.

    `run` is a row of the table of runs, `theta` its final parameters. A UserError where
    those are not the data that the run was trained on.
    """
    network, data = network_of(run), load_prepared(folder, {run.data_digest})
    summary = data.summary
    layers = [(W, np.zeros(W.shape[1], W.dtype) if b is None else b) for W, b in network.unpack(theta)]
    offset, factor = np.array(summary["feature_offset"]), np.array(summary["feature_factor"])
    X = data.X_validation[:EXAMPLES]
    example = np.divide(X, factor, out=np.zeros_like(X), where=factor != 0) + offset
    return Served(
        layers=layers,
        activation=network.activation,
        output=network.output,
        loss=network.loss_name,
        offset=offset,
        factor=factor,
        feature_names=summary["feature_names"],
        image_shape=tuple(summary["image_shape"]) if summary["image_shape"] else None,
        classes=summary["classes"],
        target=(summary["target_mean"] or 0.0, summary["target_scale"] or 1.0),
        example=example.round(6),
    )
