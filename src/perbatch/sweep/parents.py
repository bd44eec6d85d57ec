"""A sweep's parent run in MLflow, one in the experiment of each data set that the sweep trains on."""

import shlex
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from perbatch.sweep import provenance, record
from perbatch.sweep.plan import Plan, PlannedRun
from perbatch.sweep.tables import runs_csv
from perbatch.tracking import Store, SweepLog


class Parents:
    """The parents of one sweep's runs."""

    def __init__(self, plan: Plan, store: Store) -> None:
        """Nothing is written yet."""
        self._plan, self._store = plan, store
        self._logs: dict[str, SweepLog] = {}

    def start(self) -> None:
        """Make the parents, before the runs are handed out."""
        reused = {run.identity for run in self._plan.reused}
        for name, runs in self._by_data().items():
            self._logs[name] = SweepLog(self._store, record.experiment_of(self._store, name))
            known = sum(run.identity in reused for run in runs)
            members = [run.identity for run in runs]
            self._logs[name].start(provenance.tags(), members, known, shlex.join(["python", *sys.argv]))

    def of(self, run: PlannedRun) -> str:
        """Return the id of the run's parent."""
        return self._logs[run.data].id

    def end(self, status: str, artifacts: Sequence[Path]) -> None:
        """End the parents with the number of runs by status, the table of members and the given files."""
        for name, log in self._logs.items():
            runs = self._by_data()[name]
            complete = [run.folder.row() for run in runs if run.folder.complete]
            counts = Counter(str(row["status"]) for row in complete)
            counts["unfinished"] = len(runs) - len(complete)
            with tempfile.TemporaryDirectory() as folder:
                members = Path(folder, "members.csv")
                members.write_text(runs_csv(complete))
                log.end(status, counts, [members, *artifacts])

    def _by_data(self) -> dict[str, list[PlannedRun]]:
        groups: dict[str, list[PlannedRun]] = {}
        for run in self._plan.runs:
            groups.setdefault(run.data, []).append(run)
        return groups
