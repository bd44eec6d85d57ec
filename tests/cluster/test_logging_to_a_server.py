"""Jobs on other machines that log to a tracking server themselves, each with its user and password."""

from pathlib import Path

import pytest
from dask_workers import Dask
from slurm_nodes import Slurm

from processes import Place
from tracking_server import Server

PACKS = ("tracking=server", "hydra.sweeper.runs_per_job=2")
GRID = ("batch_size=full", "learning_rate=0.1,0.3", "epochs=3", *PACKS)


def test_jobs_of_slurm(tmp_path: Path, checkout: Path, slurm: Slurm, server: Server) -> None:
    place = Place(tmp_path / "root", checkout, environment={**slurm.environment, **server.environment})
    said = place.run(*GRID, "seed=200,201", "hydra/launcher=slurm")
    check(place, server, said)


def test_workers_of_dask(
    tmp_path: Path, checkout: Path, dask: Dask, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    login = {key: value for key, value in server.environment.items() if key != "MLFLOW_TRACKING_URI"}
    for key, value in login.items():
        monkeypatch.setenv(key, value)  # the address they are told
    dask.add("one", checkout)
    environment = {**server.environment, "DASK_SCHEDULER_ADDRESS": dask.address}
    place = Place(tmp_path / "root", checkout, environment=environment)
    said = place.run(*GRID, "seed=210,211", "hydra/launcher=dask")
    check(place, server, said)
    assert not list(tmp_path.rglob("mlflow.db"))
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not [text for text in written if server.password.encode() in text]


def check(place: Place, server: Server, said: str) -> None:
    """The server has each run once, under the sweep, and the jobs left the driver none to add."""
    assert "logged from their folders" not in said
    mine = place.stamps()
    assert len(mine) == 4
    runs = [run for run in server.runs() if run["data"]["tags"]["perbatch.identity"] in mine]
    assert sorted(run["info"]["status"] for run in runs) == ["FINISHED"] * 4
    (parent,) = {run["data"]["tags"]["mlflow.parentRunId"] for run in runs}
    sweeps = {run["info"]["run_id"]: run["info"]["status"] for run in server.runs("sweep")}
    assert sweeps[parent] == "FINISHED"
