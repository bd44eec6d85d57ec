"""Ready-made views of MLflow's run page: columns chosen, runs sorted; single runs, or cells.

MLflow keeps a shared view as a tag of the experiment, and opens it by the key in the page's address.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

LOCAL = "http://127.0.0.1:5000"
"""Where `make ui` serves a store that is no server's."""

KEY = "mlflow.sharedViewState."
RUNS, CELLS = "runs", "cells"
COLUMNS = (
    "config/batch_size",
    "config/learning_rate",
    "final/gradient_evaluations",
    "final/updates",
    "final/validation_accuracy",
    "final/validation_loss",
    "final/validation_r2",
)
"""In MLflow's order, by name. The loss, by which they are sorted, lies within 1,440 pixels."""

CELL_COLUMNS = (
    "config/batch_size",
    "config/learning_rate",
    "cell/validation_loss",
    "cell/validation_loss_low",
    "cell/validation_loss_high",
    "cell/n",
    "cell/reached",
    "cell/evaluations_to_target",
    "cell/epochs_to_target",
    "cell/validation_accuracy",
    "cell/validation_r2",
)
CELL = "attributes.status = 'FINISHED' and tags.`perbatch.kind` = 'cell' and tags.seeds = 'reported'"
"""Which runs are cells; those of the tuning seeds have the tag `seeds` of that name."""


LOSSES = "loss against presentations"
FIRST_CHART: dict[str, Any] = {
    "compareRunSections": [{"uuid": LOSSES, "name": LOSSES, "display": True, "isReordered": False}],
    "compareRunCharts": [
        {
            "uuid": LOSSES,
            "type": "LINE",
            "metricSectionId": LOSSES,
            "metricKey": "validation/loss",
            "selectedMetricKeys": ["validation/loss", "train/loss"],
            "xAxisKey": "step",
            "xAxisScaleType": "log",  # as evaluations are spaced
            "useGlobalXaxisKey": False,
            "scaleType": "linear",
            "lineSmoothness": 0,
            "runsCountToCompare": 10,
        }
    ],
    "isAccordionReordered": True,  # else MLflow sorts its own sections in front
}
"""The state of the charts of single runs: this one, and behind it MLflow's own, one a metric."""


def address(experiment: str, view: str) -> str:
    """Return a view's address below MLflow's own, for the experiment's id."""
    # MLflow's side bar is that of language models unless it is told otherwise.
    return f"#/experiments/{experiment}/runs?workflowType=machine_learning&viewStateShareKey={view}"


def artifact(experiment: str, run_id: str, name: str) -> str:
    """Return the address below MLflow's own of a file among a run's artifacts, opened."""
    return f"#/experiments/{experiment}/runs/{run_id}/artifacts/{name}?workflowType=machine_learning"


def whole(uri: str, below: str) -> str:
    """Return the whole of an address below MLflow's own: at the server at `uri`, else at `make ui`'s."""
    return f"{uri.rstrip('/') if uri.startswith('http') else LOCAL}/{below}"


def tags() -> Mapping[str, str]:
    """Return the tags of an experiment that hold its views and make MLflow show it as model training."""
    runs = _state("tags.`perbatch.kind` = 'run'", "final/validation_loss", COLUMNS)
    return {
        "mlflow.experimentKind": "custom_model_development",
        f"{KEY}{RUNS}": json.dumps(runs | FIRST_CHART),
        f"{KEY}{CELLS}": json.dumps(_state(CELL, "cell/validation_loss", CELL_COLUMNS)),
    }


def cells_of(parent: str) -> tuple[str, str]:
    """Return the experiment's tag and its value that are the view of one sweep's cells; its key is the id."""
    asked = f"{CELL} and tags.`mlflow.parentRunId` = '{parent}'"
    return f"{KEY}{parent}", json.dumps(_state(asked, "cell/validation_loss", CELL_COLUMNS))


def _state(asked: str, order: str, columns: Sequence[str]) -> dict[str, Any]:
    return {
        "searchFilter": asked,
        "orderByKey": f"metrics.`{order}`",
        "orderByAsc": True,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": ["params.`mode`", *(f"metrics.`{name}`" for name in columns)],
        "runsHiddenMode": "FIRST_20_RUNS",
        "groupBy": None,
    }
