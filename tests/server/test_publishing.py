"""`publish` and `register` against the server: report and champion, and a sentence where it refuses."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from copies import NO_STUDY, shrink
from processes import ROOT, Place, copy_checkout
from tracking_server import Server

GRID = ("learning_rate=0.1,0.3", "seed=0,1,2", "epochs=4", "hydra/launcher=basic", "tracking=server")


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory, prepared: Path, server: Server) -> Place:
    """A sweep logged to the server and evaluated; another machine has logged half of it too."""
    root = tmp_path_factory.mktemp("evaluated")
    checkout = copy_checkout(root / "checkout", prepared)
    shutil.copytree(ROOT / "results" / "benchmark", checkout / "results" / "benchmark")
    shrink(checkout / "params.yaml", NO_STUDY)
    place = Place(root / "mine", checkout, environment=server.environment)
    place.run("batch_size=8,full", *GRID)
    Place(root / "theirs", checkout, environment=server.environment).run("batch_size=full", *GRID)
    shutil.copytree(place.root / "tables", place.root / "results" / "train")
    call(place, "evaluate", results(place))
    return place


def results(place: Place) -> str:
    """The folder of a place's tables and report."""
    return str(place.root / "results")


def call(place: Place, script: str, *arguments: str, **environment: str) -> str:
    """Call a pipeline script for a place; return what it said."""
    done = subprocess.run(
        [sys.executable, str(place.checkout / "pipelines" / f"{script}.py"), *arguments],
        env={**os.environ, **place.environment, "DVC_ROOT": str(place.root), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stdout, done.stdout
    return done.stdout


@pytest.mark.parametrize("script", ["publish", "register"])
def test_bad_credentials_are_one_sentence(evaluated: Place, script: str) -> None:
    said = call(evaluated, script, results(evaluated), MLFLOW_TRACKING_PASSWORD="not-the-password")
    assert said.startswith("error: the MLflow server at http://127.0.0.1:")
    assert "refuses the user and password" in said
    assert said.count("\n") == 1
    assert "not-the-password" not in said


def test_a_user_who_may_only_read_is_told_before_anything_is_trained(
    evaluated: Place, server: Server
) -> None:
    reader = server.add_user("reader")
    folders = set(evaluated.root.glob("runs/*"))
    single = ("tracking=server", "seed=8", "epochs=1")
    for command in (("train", *single), ("train", "-m", *single), ("publish", "--fill", results(evaluated))):
        said = call(evaluated, *command, **reader).splitlines()[-1]
        assert said.startswith("error: ")
        assert "may read the experiment 'digits' and not write it" in said
    assert set(evaluated.root.glob("runs/*")) == folders


def test_report_and_champion_are_there_and_again_is_three_questions(evaluated: Place, server: Server) -> None:
    said = call(evaluated, "publish", "--fill", results(evaluated))
    assert said.startswith("MLflow had 12 of the runs (6 of them more than once); 0 logged\n")
    said = call(evaluated, "register", results(evaluated))
    assert said == "champion of digits: perbatch-digits version 1\n"
    program = "import mlflow; mlflow.pyfunc.load_model('models:/perbatch-digits@champion')"
    subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **server.environment},
        check=True,
        capture_output=True,
    )
    assert len(list(server.folder.glob("artifacts/*/*/artifacts/report.html"))) == 1
    read = len(server.log)
    for script in ("publish", "register"):
        assert call(evaluated, script, results(evaluated)) == ""
    assert [line.split("?")[0].split("mlflow/")[1] for line in server.log[read:] if "HTTP/1.1" in line] == [
        "experiments/get-by-name",
        "registered-models/get",
        "model-versions/get",
    ]
    assert not (evaluated.root / "mlflow.db").exists()
