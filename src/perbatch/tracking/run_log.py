"""The log of one run: a few batched calls at its end, or along the way where it takes long."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from perbatch.tracking.store import Experiment, Store

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput, RunInfo

METRICS_A_CALL = 1000  # MLflow's limit, of which params and tags take a part


@dataclass(frozen=True)
class Curve:
    """A metric's values: (step, milliseconds since 1970, value) each."""

    name: str
    points: Sequence[tuple[int, int, float]]


@dataclass(frozen=True)
class DataSet:
    """The data that a run trains on. `digest` is ours: MLflow's own only samples the data."""

    name: str
    digest: str
    source: str
    profile: Mapping[str, object]


class RunLog:
    """One run in the store, made when first needed."""

    def __init__(
        self,
        store: Store,
        experiment: Experiment,
        name: str,
        params: Mapping[str, object],
        tags: Mapping[str, str],
        data: DataSet,
        parent: str | None,
        start: int,
    ) -> None:
        """`start` is in milliseconds since 1970; `parent` is the id of the sweep's run, if any."""
        self._store, self._experiment, self._name = store, experiment, name
        self._params: Mapping[str, object] = params
        self._data, self._start = data, start
        self._tags = dict(tags) | ({"mlflow.parentRunId": parent} if parent else {})
        self._made: RunInfo | None = None

    @property
    def id(self) -> str:
        """The run's id in the store; the run is made, RUNNING, where that has not been done."""
        return str(self._run.run_id)

    @property
    def _run(self) -> "RunInfo":
        if self._made is None:
            client = self._store.client
            self._made = client.create_run(
                self._experiment.id, start_time=self._start, tags=self._tags, run_name=self._name
            ).info
            client.log_inputs(self._made.run_id, datasets=[_dataset_input(self._data)])
        return self._made

    def add(self, curves: Iterable[Curve], tags: Mapping[str, str] | None = None) -> None:
        """Log curves and tags, and the params with them, in as few calls as MLflow allows.

        Values that do not apply (nan) are left out.
        """
        from mlflow.entities import Metric, Param, RunTag

        metrics = [
            Metric(curve.name, value, time, step)
            for curve in curves
            for step, time, value in curve.points
            if not math.isnan(value)
        ]
        params = [Param(key, str(value)) for key, value in self._params.items()]
        self._params = {}
        labels = [RunTag(key, value) for key, value in (tags or {}).items()]
        first, rest = metrics[: METRICS_A_CALL - 100], metrics[METRICS_A_CALL - 100 :]
        self._store.client.log_batch(self.id, metrics=first, params=params, tags=labels)
        for start in range(0, len(rest), METRICS_A_CALL):
            self._store.client.log_batch(self.id, metrics=rest[start : start + METRICS_A_CALL])

    def attach(self, files: Sequence[Path]) -> None:
        """Attach files as artifacts."""
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        # The client's own call would read the whole run again to find this place.
        place = get_artifact_repository(self._run.artifact_uri, tracking_uri=self._store.uri)
        for path in files:
            place.log_artifact(str(path))

    def end(self, status: str, end: int) -> None:
        """End the run as FINISHED, FAILED or KILLED, at `end` in milliseconds since 1970."""
        self._store.client.set_terminated(self.id, status, end)


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
