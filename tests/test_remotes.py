"""A colleague pulls a study over SSH or from a folder: report and runs are there, and nothing is trained."""

import csv
import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

import test_pipeline
from perbatch.sweep import refill

copy = test_pipeline.copy
MADE_THERE = {
    *("mlflow.source.name", "mlflow.source.type", "mlflow.source.git.commit", "git.dirty", "dvc.lock"),
    *("perbatch.host", "perbatch.lock"),
}
"""Tags of where a run was trained."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """An SSH server of one's own on loopback, with a key for this user alone."""
    program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("sshd is not installed: apt install openssh-server")
    folder = tmp_path_factory.mktemp("sshd")
    for key in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)], check=True)
    shutil.copy(folder / "user.pub", folder / "authorized")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "config").write_text(
        f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {folder}/host\n"
        f"AuthorizedKeysFile {folder}/authorized\n"
        f"PidFile {folder}/pid\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin yes\n"
        "Subsystem sftp internal-sftp\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # it insists on this one
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([program, "-D", "-e", "-f", str(folder / "config")], stderr=log)
    try:
        end = time.monotonic() + 20
        while b"Server listening" not in (folder / "log").read_bytes():
            assert time.monotonic() < end, (folder / "log").read_text()
            time.sleep(0.1)
        yield SimpleNamespace(port=port, key=folder / "user")
    finally:
        server.terminate()
        server.wait()


@pytest.mark.parametrize("kind", ["ssh", "folder"])
def test_a_colleague_pulls_report_and_runs_and_trains_nothing(
    copy: SimpleNamespace, tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    place = str(tmp_path / "remote")
    settings = []
    if kind == "ssh":
        sshd = request.getfixturevalue("sshd")
        place = f"ssh://{getpass.getuser()}@127.0.0.1:{sshd.port}{place}"
        settings = ["dvc", "remote", "modify", "--local", kind, "keyfile", str(sshd.key)]
    copy.run("dvc", "remote", "add", "--force", "--default", kind, place)
    if settings:
        copy.run(*settings)
    test_pipeline.git(copy.root, "commit", "-qm", "Where the results are", ".dvc/config")
    copy.run("dvc", "push")
    colleague = tmp_path / "colleague"
    test_pipeline.git(tmp_path, "clone", "-q", str(copy.root), str(colleague))

    def call(*command: str) -> str:
        return test_pipeline.run(colleague, *command).stdout

    if settings:
        call(*settings)
    call("dvc", "pull")
    for name in test_pipeline.OUTS:
        assert (colleague / name).read_bytes() == (copy.root / name).read_bytes(), name
    assert "up to date" in call("dvc", "status", "prepare", "train", "evaluate")
    call("python", "pipelines/publish.py", "--fill")
    rows = list(csv.DictReader((colleague / "results/train/runs.csv").read_text().splitlines()))
    runs = logged(colleague)
    assert sorted(run.data.tags["perbatch.identity"] for run in runs) == sorted(
        row["identity"] for row in rows
    )
    by_identity = {run.data.tags["perbatch.identity"]: run for run in runs}
    theirs = {run.data.tags["perbatch.identity"]: run for run in logged(copy.root)}
    for row in rows:
        filled, trained = by_identity[row["identity"]], theirs[row["identity"]]
        assert filled.info.run_name == trained.info.run_name
        assert filled.data.params == trained.data.params
        lasting = {name: value for name, value in trained.data.metrics.items() if name not in refill.LOST}
        assert filled.data.metrics == lasting
        assert trained.data.tags.keys() - filled.data.tags.keys() == MADE_THERE
        assert filled.data.tags.keys() - trained.data.tags.keys() == refill.FILLED.keys()
        same_tags = filled.data.tags.keys() & trained.data.tags.keys() - {"mlflow.parentRunId"}
        assert all(filled.data.tags[name] == trained.data.tags[name] for name in same_tags)
        data = [run.inputs.dataset_inputs[0].dataset for run in (filled, trained)]
        assert data[0].to_dictionary() == data[1].to_dictionary()
        assert artifacts(colleague, filled) == artifacts(copy.root, trained)
        for name in filled.data.metrics:
            assert points(colleague, filled, name) == points(copy.root, trained, name), name
    call("python", "pipelines/publish.py", "--fill")
    assert len(logged(colleague)) == len(rows)
    assert not list(colleague.glob("runs/*/run.json"))


def artifacts(root: Path, run: Run) -> dict[str, bytes]:
    """The artifacts of a run of the store in `root`, by name."""
    folder = next(root.glob(f"mlartifacts/*/{run.info.run_id}/artifacts"))
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def points(root: Path, run: Run, name: str) -> list[tuple[int, float]]:
    """The values of a metric of a run, each with its step."""
    history = MlflowClient(tracking_uri=f"sqlite:///{root}/mlflow.db").get_metric_history(
        run.info.run_id, name
    )
    return sorted((point.step, point.value) for point in history)


def logged(root: Path) -> list:  # type: ignore[type-arg]
    client = MlflowClient(tracking_uri=f"sqlite:///{root}/mlflow.db")
    experiments = [each.experiment_id for each in client.search_experiments()]
    return list(client.search_runs(experiments, "tags.`perbatch.kind` = 'run'", max_results=1000))
