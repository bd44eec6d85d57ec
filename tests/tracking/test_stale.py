"""Runs that are RUNNING although nobody is at work on them: what can be told of them, and where."""

import os
from pathlib import Path

import pytest
from filelock import FileLock
from mlflow import MlflowClient

from perbatch.tracking import locate
from perbatch.tracking.stale import HOST_TAG, LOCK_TAG, Here, close_stale, held, read_running

NOBODY = 65534


def test_a_lock_of_another_user_counts_as_held(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir()
    (private / "sweep.lock").touch()
    assert not held(private / "sweep.lock")
    private.chmod(0)
    user = os.geteuid()
    if user == 0:  # who may look into everything
        tmp_path.chmod(0o755)
        os.seteuid(NOBODY)
    try:
        assert held(private / "sweep.lock")
    finally:
        os.seteuid(user)
        private.chmod(0o700)


@pytest.mark.parametrize(
    ("host", "shared", "ended"),
    [("one", False, ["one"]), ("two", False, ["two"]), ("renamed", True, ["one", "two"])],
)
def test_runs_are_ended_where_their_locks_are_seen(
    tmp_path: Path, host: str, shared: bool, ended: list[str]
) -> None:
    store = locate(None, tmp_path)
    experiment = store.experiment("digits").id
    runs = tmp_path / "runs"
    for name in ("one", "two"):
        _start(store.client, experiment, {HOST_TAG: name, LOCK_TAG: str(runs / f"{name}.lock")})
    _start(store.client, experiment, {HOST_TAG: "one", LOCK_TAG: str(runs / "at-work.lock")})
    elsewhere = _start(store.client, experiment, {HOST_TAG: "three", LOCK_TAG: "/elsewhere/runs/a.lock"})
    assert len(read_running(tmp_path / "mlflow.db")) == 4

    with FileLock(runs / "at-work.lock"):
        count = close_stale(
            store,
            Here(host, runs if shared else None),
            lambda lock, _: None if held(lock) else "KILLED",
        )
    left = {run.lock.stem for run in read_running(tmp_path / "mlflow.db")}
    assert count == len(ended)
    assert left == {"one", "two", "at-work", "a"} - set(ended)
    assert elsewhere in {run.run_id for run in read_running(tmp_path / "mlflow.db")}


def _start(client: MlflowClient, experiment: str, tags: dict[str, str]) -> str:
    return str(client.create_run(experiment, tags=tags).info.run_id)
