"""The log of one run: a few batched calls at its end, or along the way where it takes long."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from perbatch.tracking.stale import PARENT_TAG
from perbatch.tracking.store import Experiment, Store

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput, RunInfo


Point = tuple[int, int, float]
"""A metric's value: step, milliseconds since 1970, value."""


@dataclass(frozen=True)
class DataSet:
    """The data that a run trains on. `digest` is ours: MLflow's own only samples the data."""

    name: str
    digest: str
    source: str
    profile: Mapping[str, object]


@dataclass
class RunLog:
    """One run in the store, made when first needed.

    `parent` is the id of the sweep's run, if any, `start` in milliseconds since 1970. The `params` are logged
    with what is added first.
    """

    store: Store
    experiment: Experiment
    name: str
    params: Mapping[str, object]
    tags: Mapping[str, str]
    data: DataSet | None
    parent: str | None
    start: int

    @property
    def id(self) -> str:
        """The run's id in the store; the run is made, RUNNING, where that has not been done."""
        return str(self._run.run_id)

    @cached_property
    def _run(self) -> "RunInfo":
        nested = {PARENT_TAG: self.parent} if self.parent else {}
        made = self.store.client.create_run(
            self.experiment.id, start_time=self.start, tags={**self.tags, **nested}, run_name=self.name
        ).info
        if self.data:
            self.store.client.log_inputs(made.run_id, datasets=[_dataset_input(self.data)])
        return made

    def add(self, curves: Mapping[str, Sequence[Point]], tags: Mapping[str, str] | None = None) -> None:
        """Log curves, by their names, and tags, and the params with them, in as few calls as MLflow allows.

        Values that do not apply (nan) are left out.
        """
        from mlflow.entities import Metric, Param, RunTag

        metrics = [
            Metric(name, value, time, step)
            for name, points in curves.items()
            for step, time, value in points
            if not math.isnan(value)
        ]
        params = [Param(key, str(value)) for key, value in self.params.items()]
        self.params = {}
        labels = [RunTag(key, value) for key, value in (tags or {}).items()]
        self.store.client.log_batch(self.id, metrics=metrics, params=params, tags=labels)

    def attach(self, files: Sequence[Path]) -> None:
        """Attach files as artifacts."""
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        # The client's own call would read the whole run again to find this place.
        place = get_artifact_repository(self._run.artifact_uri, tracking_uri=self.store.uri)
        for path in files:
            place.log_artifact(str(path))

    def end(self, status: str, end: int) -> None:
        """End the run as FINISHED, FAILED or KILLED, at `end` in milliseconds since 1970."""
        self.store.client.set_terminated(self.id, status, end)


def _dataset_input(data: DataSet) -> "DatasetInput":
    from mlflow.entities import Dataset, DatasetInput, InputTag

    dataset = Dataset(
        name=data.name,
        digest=data.digest[:36],
        source_type="local",
        source=json.dumps({"uri": data.source}),
        profile=json.dumps(dict(data.profile)),
    )
    return DatasetInput(dataset, tags=[InputTag("mlflow.data.context", "training")])
