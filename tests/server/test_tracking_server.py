"""`tracking=server`: nothing lost, no secret told, and a server that dies stops no training."""

import json
import shutil
import time
from collections import Counter
from pathlib import Path

import pytest

from processes import Place, kill, wait_for
from tracking_server import Server

BASIC = "hydra/launcher=basic"
SERVER = "tracking=server"
RATES = {"server": 0.05, "database": 0.04}  # runs of their own
GRID = ("batch_size=8,full", "learning_rate=0.1", "seed=0,1", "epochs=3", BASIC, SERVER)


def test_runs_and_their_files_reach_the_server_and_the_password_nothing(place: Place, server: Server) -> None:
    said = place.run(*GRID)
    mine = place.stamps().keys()
    runs = [run for run in server.runs() if run["data"]["tags"]["perbatch.identity"] in mine]
    assert sorted(run["info"]["status"] for run in runs) == ["FINISHED"] * 4
    for run in runs:
        folder = server.folder / "artifacts" / run["info"]["experiment_id"] / run["info"]["run_id"]
        assert {path.name for path in (folder / "artifacts").iterdir()} == {
            "config.json",
            "history.csv",
            "theta.npy",
        }
    texts = [said, str(runs), str(server.runs("sweep"))]
    written = [path for root in (place.root, server.folder) for path in root.rglob("*") if path.is_file()]
    told = [path for path in written if server.password.encode() in path.read_bytes()]
    assert [text for text in texts if server.password in text] == []
    assert told == [server.folder / "password"]


def test_with_nothing_to_do_the_server_is_asked_twice_whatever_the_number_of_runs(
    place: Place, server: Server
) -> None:
    grid = (*GRID, "seed=range(0,6)")
    place.run(*grid)
    before = place.stamps()
    read = len(server.log)
    said = place.run(*grid, python=("-X", "importtime"))
    assert "12 runs: 12 reused, 0 to train" in said
    assert not [line for line in said.splitlines() if line.split("|")[-1].strip().startswith("mlflow")]
    asked = [line for line in server.log[read:] if "HTTP/1.1" in line]
    assert len(asked) == 2, asked
    assert place.stamps() == before


def test_bad_credentials_are_one_sentence_before_anything_is_trained(place: Place) -> None:
    place.environment = {**place.environment, "MLFLOW_TRACKING_PASSWORD": "not-the-password"}
    said = place.run(*GRID, status=1)
    address = place.environment["MLFLOW_TRACKING_URI"]
    assert said.splitlines()[-1] == (
        f"error: the MLflow server at {address} refuses the user and password: set MLFLOW_TRACKING_USERNAME "
        "and MLFLOW_TRACKING_PASSWORD to those of an account there"
    )
    assert "Traceback" not in said
    assert "not-the-password" not in said
    assert not list(place.root.glob("runs/*"))


@pytest.mark.parametrize("part", ["server", "database"])
def test_what_dies_and_comes_back_gets_what_it_missed(place: Place, server: Server, part: str) -> None:
    grid = ("batch_size=1", "seed=range(0,12)", "epochs=40", f"learning_rate={RATES[part]}", BASIC, SERVER)
    process = place.start(*grid)
    wait_for(lambda: place.folders("logged.json"), process)
    if part == "server":
        kill, start = server.kill, server.start
    else:
        kill, start = server.kill_database, server.start_database
    kill()
    back = time.monotonic() + 20
    try:
        wait_for(lambda: len(place.folders("run.json", "logged.json")) > 1, process)  # it trains on
        time.sleep(max(0.0, back - time.monotonic()))
    finally:
        start()
    said = place.end(process)
    assert "Traceback" not in said
    assert said.count("not logged to MLflow") == 1, said
    kept = place.stamps()
    assert len(kept) == 12
    place.run(*grid)  # where the sweep ended before the server was back, this logs what is missing
    assert place.stamps() == kept
    statuses = server.statuses()
    assert [statuses[identity, "FINISHED"] for identity in kept] == [1] * 12
    assert [statuses[identity, "RUNNING"] for identity in kept] == [0] * 12


WAITS = """
import time
from hydra.experimental.callback import Callback

class AfterEachJob(Callback):
    def on_job_end(self, config, job_return, **kwargs):
        time.sleep(5)
"""


@pytest.mark.parametrize("dies", ["server", "driver"])
def test_a_sweep_whose_end_the_server_missed_is_ended_by_the_next_start(
    place: Place, server: Server, tmp_path: Path, dies: str
) -> None:
    (tmp_path / "waits.py").write_text(WAITS)
    place.environment = {**place.environment, "PYTHONPATH": str(tmp_path)}
    rate = {"server": 0.06, "driver": 0.07}[dies]
    grid = ("batch_size=full", "seed=0,1", "epochs=2", f"learning_rate={rate}", BASIC, SERVER)
    process = place.start(*grid, "+hydra.callbacks.waits._target_=waits.AfterEachJob")
    wait_for(lambda: len(place.folders("logged.json")) == 2, process)
    time.sleep(1)  # the second run is ended after that file
    if dies == "server":
        server.kill()
        try:
            assert "the sweep's parent in MLflow was not ended" in place.end(process)
        finally:
            server.start()
    else:
        kill(process)
    assert statuses_of_sweeps(server, place) == ["RUNNING"]
    said = place.run(*grid)
    assert "2 runs: 2 reused, 0 to train" in said and "now ended: 1" in said
    assert statuses_of_sweeps(server, place) == ["KILLED", "FINISHED"]
    assert "now ended" not in place.run(*grid)


def statuses_of_sweeps(server: Server, place: Place) -> list[str]:
    """The statuses of the sweeps of one place, in the order in which they began."""
    sweeps = [run for run in server.runs("sweep") if str(place.root) in run["data"]["tags"]["perbatch.lock"]]
    return [run["info"]["status"] for run in sorted(sweeps, key=lambda run: run["info"]["start_time"])]


def test_eight_sweeps_at_once_lose_nothing_and_duplicates_collapse(
    tmp_path: Path, checkout: Path, server: Server
) -> None:
    """Eight machines without a common disk, fifty runs each; two of them train the same fifty."""
    seeds = [100 + 50 * min(number, 6) for number in range(8)]
    places = [Place(tmp_path / str(n), checkout, environment=server.environment) for n in range(8)]
    common = ("batch_size=full", "learning_rate=0.1", "epochs=1", BASIC, SERVER)
    sweeps = [
        place.start(f"seed=range({seed},{seed + 50})", *common)
        for place, seed in zip(places, seeds, strict=True)
    ]
    for place, process in zip(places, sweeps, strict=True):
        assert "not logged to MLflow" not in place.end(process)
    stamps = [place.stamps() for place in places]
    wanted = set().union(*stamps)
    assert [len(each) for each in stamps] == [50] * 8
    assert len(wanted) == 350
    statuses = server.statuses()
    assert Counter(statuses[identity, "FINISHED"] for identity in wanted) == {1: 300, 2: 50}
    # Both machines' folders side by side are one set of runs: a table has each identity once.
    shutil.copytree(places[6].root / "runs", places[7].root / "runs", dirs_exist_ok=True)
    again = places[7].run(f"seed=range({seeds[7]},{seeds[7] + 50})", *common)
    assert "50 runs: 50 reused, 0 to train" in again
    assert places[7].tables() == places[6].tables()


def test_a_run_that_is_trained_again_takes_the_place_of_the_older(place: Place, server: Server) -> None:
    """In the view of all runs, which is MLflow's filter; the server keeps them all."""
    grid = ("batch_size=full", "seed=200,201", "epochs=1", BASIC, SERVER)
    place.run(*grid)
    first = shown(server, place)
    place.run(*grid, "rerun=true")
    second = shown(server, place)
    place.end(place.start("batch_size=full", "seed=201", "epochs=1", SERVER, "rerun=true", many=False))
    third = shown(server, place)
    assert [*map(len, (first, second, third))] == [2, 2, 2]
    assert not first & second and len(second & third) == 1
    mine = place.stamps().keys()
    replaced = [run for run in server.runs("replaced") if run["data"]["tags"]["perbatch.identity"] in mine]
    assert {run["info"]["run_id"] for run in replaced} == (first | second) - third
    assert {run["info"]["status"] for run in replaced} == {"FINISHED"}


def shown(server: Server, place: Place) -> set[str]:
    """The ids of a place's runs that the view of all runs finds."""
    view = json.loads(server.tags("digits")["mlflow.sharedViewState.runs"])
    found, mine = server.search(view["searchFilter"]), place.stamps().keys()
    return {run["info"]["run_id"] for run in found if run["data"]["tags"]["perbatch.identity"] in mine}


def test_an_address_is_needed_and_holds_no_password(place: Place) -> None:
    place.environment = {}
    assert "MLFLOW_TRACKING_URI must be the address" in place.run(*GRID, status=1).splitlines()[-1]
    place.environment = {"MLFLOW_TRACKING_URI": "http://me:hidden@127.0.0.1:9"}
    said = place.run(*GRID, status=1)
    assert "holds a password: give it in MLFLOW_TRACKING_USERNAME" in said.splitlines()[-1]
    assert "hidden" not in said
