"""The champion as a user meets it: registered by the pipeline, served by MLflow, asked with JSON."""

import json
import shutil
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient
from sklearn.datasets import load_digits

from copies import copy_repository, run
from servers import serving

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy with a champion; the committed seconds stand in for a new benchmark."""
    root = tmp_path_factory.mktemp("copy") / "perbatch"
    copy_repository(root)
    for stage in ("fingerprint", "prepare", "train"):
        run(root, "dvc", "repro", "--single-item", stage)
    run(root, "python", "pipelines/evaluate.py")
    run(root, "python", "pipelines/register.py")
    return root


def test_the_registry_says_what_the_champion_is(root: Path) -> None:
    chosen = json.loads((root / "results/evaluate/champion.json").read_text())
    client = MlflowClient(f"sqlite:///{root}/mlflow.db")
    version = client.get_model_version_by_alias("perbatch-digits", "champion")
    assert version.tags["perbatch.identity"] == chosen["identity"]
    assert float(version.tags["test_accuracy"]) == chosen["test_accuracy"]
    assert client.get_run(version.run_id).data.tags["perbatch.identity"] == chosen["identity"]


def test_registering_again_adds_nothing_and_another_choice_adds_a_version(root: Path) -> None:
    assert run(root, "python", "pipelines/register.py").stdout == ""
    other = root / "other"
    shutil.copytree(root / "results", other)
    chosen = json.loads((other / "evaluate/champion.json").read_text())
    table = (other / "train/runs.csv").read_text().splitlines()
    identity = next(line.split(",")[0] for line in table[1:] if not line.startswith(chosen["identity"]))
    (other / "evaluate/champion.json").write_text(json.dumps({**chosen, "identity": identity}))
    assert "version 2" in run(root, "python", "pipelines/register.py", "other").stdout
    assert "version 1" in run(root, "python", "pipelines/register.py").stdout


def test_without_an_evaluation_it_says_so(root: Path, tmp_path: Path) -> None:
    said = run(root, "python", "pipelines/register.py", str(tmp_path), status=1).stderr
    assert (
        said.startswith("error: ") and "&& python pipelines/evaluate.py " in said and "Traceback" not in said
    )


def test_the_server_answers_and_refuses_with_a_reason(root: Path) -> None:
    command = "mlflow models serve -m models:/perbatch-digits@champion --env-manager local --port {port}"
    with serving(root, command, "/ping") as address:
        digits = load_digits()
        status, answer = ask(address, json.dumps({"inputs": digits.images[:200].tolist()}))
        told = [row["class"] for row in answer["predictions"]]
        assert status == 200
        assert np.mean(np.array(told) == digits.target[:200].astype(str)) > 0.8
        assert ask(address, '{"inputs": [[1, 2, 3]]}') == (400, WithMessage("does not match expected shape"))
        gap = digits.images[:1].tolist()
        gap[0][3][4] = None
        assert ask(address, json.dumps({"inputs": gap})) == (400, WithMessage("finite number"))
        assert ask(address, "no JSON") == (400, WithMessage("valid JSON"))
        assert ask(address, "{}") == (400, WithMessage("input fields"))


class WithMessage(str):
    """Equal to an answer whose message has this text in it."""

    def __eq__(self, answer: object) -> bool:
        return isinstance(answer, dict) and str(self) in answer["message"]

    __hash__ = str.__hash__


def ask(address: str, body: str) -> tuple[int, dict]:
    request = urllib.request.Request(
        f"{address}/invocations", body.encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as refused:
        return refused.code, json.loads(refused.read())
