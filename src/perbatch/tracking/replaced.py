"""Runs that another of the same identity replaced: it was trained again, or its folder was gone."""

from collections.abc import Mapping
from pathlib import Path

from perbatch.tracking import sqlite_file

KIND_TAG, REPLACED = "perbatch.kind", "replaced"
"""The kind that such a run gets: every view and filter of runs asks for the kind `run`."""

ENDED = """
SELECT run.run_uuid, identity.value FROM runs run
JOIN tags identity ON identity.run_uuid = run.run_uuid AND identity.key = 'perbatch.identity'
JOIN tags kind ON kind.run_uuid = run.run_uuid AND kind.key = ? AND kind.value = 'run'
WHERE run.experiment_id = ? AND run.status != 'RUNNING' AND run.lifecycle_stage = 'active'
"""


def older(database: Path, experiment: str, current: Mapping[str, str]) -> list[str]:
    """Return the ids of an experiment's ended runs of the identities in `current` but those that it names."""
    rows = sqlite_file.rows(database, ENDED, KIND_TAG, experiment) or []
    return [run for run, identity in rows if current.get(identity, run) != run]
