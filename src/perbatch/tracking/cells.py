"""Cells as runs of their own: what the seeds of one mode, batch size and learning rate say together."""

import math
import time
from collections.abc import Mapping, Sequence

from perbatch.files import json_digest
from perbatch.tracking import views
from perbatch.tracking.run_log import RunLog
from perbatch.tracking.store import Experiment, Store

CONTENT_TAG = "perbatch.content"
TAGS = ("cell", "seeds", "best")


def log_cells(store: Store, experiment: Experiment, parent: str, rows: Sequence[Mapping[str, object]]) -> int:
    """Log a run for each row under a parent, but those that it has already; return how many were logged.

    A row has `cell`, the tag of its runs, `name`, what it is called, and `seeds`, those that it speaks of:
    `reported` or `tuning`; one of the best of a search has `best`, the search's name, too. Its other numbers
    become metrics, its texts params; what does not apply (None, nan, infinite) is left out. A parent's cell
    whose content is no longer in the rows gets the kind `replaced`.
    """
    store.client.set_experiment_tag(experiment.id, *views.cells_of(parent))
    wanted = {json_digest({key: str(value) for key, value in row.items()}): row for row in rows}
    known = _known(store, experiment, parent)
    for content in known.keys() - wanted.keys():
        store.client.set_tag(known[content], "perbatch.kind", "replaced")
    now = int(time.time() * 1000)
    for content in [each for each in wanted if each not in known]:
        row = wanted[content]
        tags = {key: str(row[key]) for key in TAGS if key in row}
        tags |= {"perbatch.kind": "cell", CONTENT_TAG: content}
        values = {key: value for key, value in row.items() if key not in (*TAGS, "name")}
        texts = {key: value for key, value in values.items() if isinstance(value, str)}
        numbers = {key: float(value) for key, value in values.items() if isinstance(value, int | float)}
        run = RunLog(store, experiment, f"{row['name']} {row['seeds']}", texts, tags, None, parent, now)
        run.add({key: [(0, now, value)] for key, value in numbers.items() if math.isfinite(value)})
        run.end("FINISHED", now)
    return len(wanted.keys() - known.keys())


def _known(store: Store, experiment: Experiment, parent: str) -> dict[str, str]:
    """The ids of a parent's cells by their content."""
    # One that a killed process left RUNNING may lack its numbers.
    asked = (
        f"attributes.status = 'FINISHED' and tags.`perbatch.kind` = 'cell' "
        f"and tags.`mlflow.parentRunId` = '{parent}'"
    )
    return {run.data.tags[CONTENT_TAG]: run.info.run_id for run in store.runs([experiment.id], asked)}
