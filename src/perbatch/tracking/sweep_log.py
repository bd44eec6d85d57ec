"""The parent run of a sweep: made before its runs, ended after them."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from perbatch.tracking import notes
from perbatch.tracking.store import Experiment, Store


class SweepLog:
    """The run that a sweep's runs are nested under."""

    def __init__(self, store: Store, experiment: Experiment) -> None:
        """Nothing is written yet."""
        self._store, self._experiment = store, experiment
        self.id = ""

    def start(self, name: str, tags: Mapping[str, str], count: int, reused: int, command: str) -> str:
        """Make the parent run and return its id."""
        note = notes.sweep(count, reused, command)
        run = self._store.client.create_run(
            self._experiment.id,
            start_time=int(time.time() * 1000),
            tags={**tags, "mlflow.note.content": note, "perbatch.kind": "sweep"},
            run_name=name,
        )
        self.id = run.info.run_id
        return self.id

    def end(self, status: str, counts: Mapping[str, int], artifacts: Sequence[Path]) -> None:
        """Log how many runs ended how, attach the files and end the parent as FINISHED, FAILED or KILLED."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        metrics = [Metric(f"runs/{key}", value, now, 0) for key, value in counts.items()]
        self._store.client.log_batch(self.id, metrics=metrics)
        for path in artifacts:
            self._store.client.log_artifact(self.id, str(path))
        self._store.client.set_terminated(self.id, status)
