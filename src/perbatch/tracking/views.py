"""Ready-made views of MLflow's run page: columns chosen, runs sorted, or grouped over seeds.

MLflow keeps a shared view as a tag of the experiment, and opens it by the key in the page's address.
"""

import json
from collections.abc import Mapping
from typing import Any

RUNS, CELLS = "runs", "cells"
COLUMNS = (
    "config/batch_size",
    "config/learning_rate",
    "config/seed",
    "final/validation_loss",
    "final/validation_accuracy",
    "final/validation_r2",
    "final/updates",
    "final/gradient_evaluations",
    "final/training_seconds",
)


def address(experiment: str, view: str) -> str:
    """Return a view's address below MLflow's own, for the experiment's id."""
    charts = "&compareRunsMode=CHART" if view == CELLS else ""
    # MLflow's side bar is that of language models unless it is told otherwise.
    return f"#/experiments/{experiment}/runs?workflowType=machine_learning&viewStateShareKey={view}{charts}"


def tags() -> Mapping[str, str]:
    """Return the tags of an experiment that hold its views and make MLflow show it as model training."""
    by_cell = {"aggregateFunction": "average", "groupByKeys": [{"mode": "tag", "groupByData": "cell"}]}
    return {
        "mlflow.experimentKind": "custom_model_development",
        f"mlflow.sharedViewState.{RUNS}": json.dumps(_state(None)),
        f"mlflow.sharedViewState.{CELLS}": json.dumps(_state(by_cell)),
    }


def _state(group_by: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        "searchFilter": "tags.`perbatch.kind` = 'run'",
        "orderByKey": "metrics.`final/validation_loss`",
        "orderByAsc": True,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": ["params.`mode`", *(f"metrics.`{name}`" for name in COLUMNS)],
        "runsHiddenMode": "FIRST_20_RUNS",
        "groupBy": group_by,
    }
