"""The log of one run: a few batched calls at its end, or along the way where it takes long."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from perbatch.tracking.store import Experiment, Store

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput

METRICS_A_CALL = 1000


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
        self._params, self._data, self._start = params, data, start
        self._tags = dict(tags) | ({"mlflow.parentRunId": parent} if parent else {})
        self._id: str | None = None

    def open(self) -> str:
        """Make the run, RUNNING, where that has not been done; return its id."""
        if self._id is None:
            from mlflow.entities import Param

            client = self._store.client
            run = client.create_run(
                self._experiment.id, start_time=self._start, tags=self._tags, run_name=self._name
            )
            self._id = run.info.run_id
            client.log_batch(self._id, params=[Param(key, str(value)) for key, value in self._params.items()])
            client.log_inputs(self._id, datasets=[_dataset_input(self._data)])
        return str(self._id)

    @property
    def id(self) -> str:
        """The run's id in the store, which makes the run."""
        return self.open()

    def add(self, curves: Iterable[Curve]) -> None:
        """Log curves, in as few calls as MLflow allows. Values that do not apply (nan) are left out."""
        from mlflow.entities import Metric

        run = self.open()
        metrics = [
            Metric(curve.name, value, time, step)
            for curve in curves
            for step, time, value in curve.points
            if not math.isnan(value)
        ]
        for first in range(0, len(metrics), METRICS_A_CALL):
            self._store.client.log_batch(run, metrics=metrics[first : first + METRICS_A_CALL])

    def tag(self, tags: Mapping[str, str]) -> None:
        """Set tags."""
        from mlflow.entities import RunTag

        self._store.client.log_batch(self.open(), tags=[RunTag(key, value) for key, value in tags.items()])

    def end(self, status: str, end: int, artifacts: Sequence[Path] = ()) -> None:
        """Attach the files and end the run as FINISHED, FAILED or KILLED."""
        run = self.open()
        for path in artifacts:
            self._store.client.log_artifact(run, str(path))
        self._store.client.set_terminated(run, status, end)


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
