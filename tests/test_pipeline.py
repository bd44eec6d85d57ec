"""The whole pipeline as a user runs it: in a copy of the repository, on a tiny grid, with real commands."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from mlflow import MlflowClient

from copies import copy_repository, environment, git, run
from perbatch.tracking.stale import held
from processes import answer_to_ctrl_c, wait_for

pytestmark = pytest.mark.slow
VERDICTS = "results/evaluate/verdicts.json"
OUTS = ["results/train/runs.csv", "results/train/history.csv", "results/evaluate/report.html", "dvc.lock"]

STUDY = {"names": ["own"], "by_hand": [], "from_benchmark": ["powers_of_two", "no_such_study"]}
OWN_STUDY = """# @package _global_
defaults:
  - override /data: digits_studies
  - _self_
epochs: 3
tracking: {experiment: own}
hydra:
  sweeper:
    params: {batch_size: "8,full", learning_rate: "0.1,0.2,0.4", seed: "0,1,2"}
study:
  claim: Small batches need fewer epochs.
  source: a test
  targets: [2.0]
  tuning_seeds: [0]
  conditions:
    - says: epochs of the full batch over those of M = 8
      quantity: ratio
      of: {clock: epochs, of: {batch_size: full}, over: {batch_size: 8}}
      low: 1
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A repository of its own with what git has here, the uncommitted too, and a tiny grid; reproduced."""
    root = tmp_path_factory.mktemp("copy") / "perbatch"
    copy_repository(root, {"conf/experiment/own.yaml": OWN_STUDY}, STUDY)
    here = SimpleNamespace(root=root, run=lambda *command, **options: run(root, *command, **options))
    here.first = here.run("dvc", "repro", "evaluate")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "reproduced")
    return here


def runs(root: Path) -> list:
    client = MlflowClient(tracking_uri=f"sqlite:///{root}/mlflow.db")
    experiment = client.get_experiment_by_name("digits")
    return list(client.search_runs([experiment.experiment_id], max_results=1000))


def trained(root: Path) -> set[str]:
    tags = [run.data.tags for run in runs(root)]
    return {each["perbatch.identity"] for each in tags if "perbatch.identity" in each}


def test_repro_makes_tables_report_and_runs(copy: SimpleNamespace) -> None:
    assert "12 runs: 0 reused, 12 to train" in copy.first.stderr + copy.first.stdout
    for out in OUTS:
        assert (copy.root / out).stat().st_size > 0
    assert len(trained(copy.root)) == 12
    assert "<svg" in (copy.root / "results/evaluate/report.html").read_text()


def test_a_study_is_one_file_and_its_name(copy: SimpleNamespace) -> None:
    """It is judged, shown, logged to an experiment of its own; a bad name beside it is one sentence."""
    verdicts = {each["name"]: each for each in json.loads((copy.root / VERDICTS).read_text())}
    assert list(verdicts) == ["own", "powers_of_two", "no_such_study"]
    assert verdicts["own"]["conditions"][0]["n"] == 2
    assert verdicts["no_such_study"]["verdict"] == "not judged"
    assert "no_such_study: there is no such study" in copy.first.stderr + copy.first.stdout
    assert 'id="study-own"' in (copy.root / "results/evaluate/report.html").read_text()
    evidence = (copy.root / "results/study/own/evidence.csv").read_bytes()
    assert evidence.count(b"\n") == 1 + 18
    client = MlflowClient(tracking_uri=f"sqlite:///{copy.root}/mlflow.db")
    experiment = client.get_experiment_by_name("own")
    assert len(client.search_runs([experiment.experiment_id])) == 1 + 18
    forced = copy.run("dvc", "repro", "--force", "study")
    assert "18 runs: 18 reused" in forced.stdout + forced.stderr
    assert (copy.root / "results/study/own/evidence.csv").read_bytes() == evidence


def test_a_study_that_params_does_not_name_is_skipped_without_its_data(
    copy: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERBATCH_OFFLINE", "1")
    monkeypatch.setenv("PERBATCH_CACHE", str(tmp_path))
    monkeypatch.delenv("PERBATCH_DATA", raising=False)
    before = git(copy.root, "status", "--porcelain")
    done = copy.run(sys.executable, "pipelines/study.py", "steps_to_target_mnist")
    assert "steps_to_target_mnist is skipped, its data are missing: " in done.stderr
    assert git(copy.root, "status", "--porcelain") == before
    assert not (copy.root / "results/experiment/steps_to_target_mnist").exists()


def test_again_it_does_nothing_and_git_sees_nothing(copy: SimpleNamespace) -> None:
    again = copy.run("dvc", "repro", "evaluate")
    assert "Data and pipelines are up to date." in again.stdout
    assert git(copy.root, "status", "--porcelain") == ""


def test_another_target_reruns_only_the_evaluation(copy: SimpleNamespace) -> None:
    params = copy.root / "params.yaml"
    before = params.read_text()
    params.write_text(re.sub(r"(digits:\s+- )0\.2", r"\g<1>1.5", before))
    try:
        stages = copy.run("dvc", "repro", "--dry", "evaluate").stdout
    finally:
        params.write_text(before)
    assert "Running stage 'evaluate'" in stages
    assert "Running stage 'train'" not in stages
    assert "Running stage 'prepare'" not in stages


def test_a_new_file_at_the_same_path_makes_prepare_stale(copy: SimpleNamespace, tmp_path: Path) -> None:
    params = copy.root / "params.yaml"
    before = params.read_text()
    own = tmp_path / "own.csv"
    own.write_text("a,b,t\n" + "".join(f"{row},{row % 7},{'xy'[row % 2]}\n" for row in range(60)))
    split = "{train: 30, validation: 10, test: 10}"
    block = f"data: table\n  reader: {{target: t}}\n  split: {split}\n  path: {own}"
    try:
        params.write_text(before.replace("data: digits\n  path: data/iris.csv", block))
        copy.run("dvc", "repro", "prepare")
        assert "prepare" not in copy.run("dvc", "status", "prepare").stdout
        own.write_text(own.read_text().replace("59,", "58,"))
        assert "own.csv" in copy.run("dvc", "status", "prepare").stdout
    finally:
        params.write_text(before)
        git(copy.root, "checkout", "-q", "--", "dvc.lock", "results")
        copy.run("dvc", "checkout")


def test_forced_it_trains_nothing_anew_and_gives_the_same_bytes(copy: SimpleNamespace) -> None:
    before = {out: (copy.root / out).read_bytes() for out in OUTS}
    forced = copy.run("dvc", "repro", "--force", "--single-item", "train")
    assert "12 runs: 12 reused, 0 to train" in forced.stderr + forced.stdout
    copy.run("dvc", "repro", "--force", "--single-item", "evaluate")
    assert {out: (copy.root / out).read_bytes() for out in OUTS} == before


@pytest.mark.parametrize(
    ("stage", "out", "experiment", "number"),
    [
        ("train", "results/train/history.csv", "digits", signal.SIGINT),
        ("train", "results/train/history.csv", "digits", signal.SIGKILL),
        ("study@own", "results/study/own/evidence.csv", "own", signal.SIGINT),
    ],
)
def test_a_repro_that_was_stopped_goes_on_to_the_same_bytes(
    copy: SimpleNamespace, stage: str, out: str, experiment: str, number: signal.Signals
) -> None:
    outs = (out, "results/train/weights.npy", "dvc.lock")
    before = {name: (copy.root / name).read_bytes() for name in outs}
    shutil.rmtree(copy.root / "runs")  # all is trained anew
    answer_to_ctrl_c()
    stopped = subprocess.Popen(
        ["dvc", "repro", "--force", "--single-item", stage],
        cwd=copy.root,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    wait_for(lambda: len(complete(copy.root)) >= 2, stopped)
    os.killpg(stopped.pid, number)
    said = stopped.communicate(timeout=60)[0]
    assert stopped.returncode != 0
    wait_for_end(copy.root)
    kept = complete(copy.root)
    if number == signal.SIGINT:
        assert "the same command goes on" in said
        assert statuses(copy.root, experiment)["RUNNING"] == 0
    resumed = copy.run("dvc", "repro", "--force", "--single-item", stage)  # DVC has the results in its cache
    assert f"{len(kept)} reused" in resumed.stdout + resumed.stderr
    assert {folder: stamp for folder, stamp in complete(copy.root).items() if folder in kept} == kept
    assert statuses(copy.root, experiment)["RUNNING"] == 0
    assert {name: (copy.root / name).read_bytes() for name in before} == before


def complete(root: Path) -> dict[str, int]:
    """When each complete run was written."""
    return {path.parent.name: path.stat().st_mtime_ns for path in root.glob("runs/*/run.json")}


def statuses(root: Path, experiment: str) -> Counter[str]:
    client = MlflowClient(tracking_uri=f"sqlite:///{root}/mlflow.db")
    found = client.search_runs([client.get_experiment_by_name(experiment).experiment_id], max_results=1000)
    return Counter(run.info.status for run in found)


def wait_for_end(root: Path) -> None:
    """A killed driver's workers finish their runs."""
    while any(held(path) for path in root.glob("runs/*/.lock")):
        time.sleep(0.1)


@contextmanager
def edited(root: Path, name: str, old: str, new: str) -> Iterator[None]:
    """A file with another text for a while; the results of before come back with the old one."""
    path = root / name
    before = path.read_text()
    assert old in before
    path.write_text(before.replace(old, new, 1))
    try:
        yield
    finally:
        path.write_text(before)
        git(root, "checkout", "-q", "--", "dvc.lock", "results")
        run(root, "dvc", "checkout", "--force")


def test_a_docstring_reruns_nothing_and_an_operator_what_depends_on_it(copy: SimpleNamespace) -> None:
    module = "src/perbatch/backprop/randomness.py"
    with edited(copy.root, module, '"""\n', ' Another word."""\n'):
        copy.run("dvc", "repro", "fingerprint")
        untouched = copy.run("dvc", "status").stdout
    with edited(copy.root, module, "import numpy as np\n", "import numpy as np\n\nANOTHER = 1 + 1\n"):
        copy.run("dvc", "repro", "fingerprint")
        touched = copy.run("dvc", "status").stdout
    assert "train:" not in untouched
    assert "train:" in touched
    assert "benchmark:" in touched
    assert "prepare:" not in touched


def test_another_scoring_on_test_data_makes_another_report_and_trains_nothing(copy: SimpleNamespace) -> None:
    metrics = copy.root / "results/evaluate/metrics.json"
    before = json.loads(metrics.read_text())["mini_batch_test_accuracy"]
    with edited(copy.root, "src/perbatch/runs/scoring.py", "float(np.mean(", "0.5 * float(np.mean("):
        said = copy.run("dvc", "repro", "evaluate").stdout
        after = json.loads(metrics.read_text())["mini_batch_test_accuracy"]
    assert "Stage 'train' didn't change" in said and "Running stage 'evaluate'" in said
    assert after == pytest.approx(before / 2)


@pytest.mark.parametrize(
    ("module", "old", "new", "reused"),
    [
        ("training", '=config["learning_rate"]', '=0.5 * config["learning_rate"]', 0),
        ("run", 'evaluation["factor"])', 'evaluation["factor"] ** 2)', 0),
        ("training", '=config["shuffle"]', '=not config["shuffle"]', 0),
        ("training", '    """Train one run', '    """Train a run', 12),
    ],
)
def test_runs_of_other_training_code_are_not_reused(
    copy: SimpleNamespace, module: str, old: str, new: str, reused: int
) -> None:
    copy.run("dvc", "repro", "--force", "--single-item", "train")  # a test before this one deletes runs
    with edited(copy.root, f"src/perbatch/runs/{module}.py", old, new):
        done = copy.run("dvc", "repro", "--force", "--single-item", "train")
    assert f"12 runs: {reused} reused, {12 - reused} to train" in done.stdout + done.stderr


def test_a_study_that_is_killed_or_fails_keeps_its_evidence_and_stays_stale(copy: SimpleNamespace) -> None:
    evidence = copy.root / "results/study/own/evidence.csv"
    before = evidence.read_bytes()
    with edited(copy.root, "conf/experiment/own.yaml", "epochs: 3", "epochs: 30"):
        copy.run("dvc", "repro", "fingerprint")
        killed = subprocess.Popen(
            ["dvc", "repro", "--single-item", "study@own"],
            cwd=copy.root,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        known = len(complete(copy.root))
        wait_for(lambda: len(complete(copy.root)) >= known + 2, killed)
        os.killpg(killed.pid, signal.SIGKILL)
        killed.communicate()
        wait_for_end(copy.root)
        assert evidence.read_bytes() == before
        assert "study@own:" in copy.run("dvc", "status", "study@own").stdout
    with edited(copy.root, "conf/experiment/own.yaml", "epochs: 3", "epochs: -3"):
        copy.run("dvc", "repro", "fingerprint")
        failed = copy.run("dvc", "repro", "--single-item", "study@own", status=255)
        assert "epochs=-3: must be" in failed.stdout + failed.stderr
        assert evidence.read_bytes() == before
        assert "study@own:" in copy.run("dvc", "status", "study@own").stdout


def test_the_page_says_where_what_makes_a_study_by_hand_has_changed_since(copy: SimpleNamespace) -> None:
    by_hand = ("names:\n  - own\n  by_hand: []", "names: []\n  by_hand:\n  - own")
    said, page = "What makes this evidence has changed since", copy.root / "results/evaluate/report.html"
    evidence = (copy.root / "results/study/own/evidence.csv").read_bytes()
    with edited(copy.root, "params.yaml", *by_hand):
        copy.run(sys.executable, "pipelines/study.py", "own")
        assert (copy.root / "results/study/own/evidence.csv").read_bytes() == evidence
        copy.run("dvc", "repro", "evaluate")
        assert 'id="study-own"' in page.read_text() and said not in page.read_text()
        with edited(copy.root, "conf/experiment/own.yaml", "epochs: 3", "epochs: 4"):
            done = copy.run("dvc", "repro", "evaluate")
            assert "Running stage 'evaluate'" in done.stdout and "Running stage 'train'" not in done.stdout
            assert said in page.read_text() and "python pipelines/study.py own" in page.read_text()
    (copy.root / "results/study/own/digest.txt").unlink()


@pytest.mark.parametrize("link", ["hardlink", "symlink"])
def test_a_script_by_hand_writes_to_the_workspace_and_not_through_dvcs_links(
    copy: SimpleNamespace, link: str
) -> None:
    git(copy.root, "checkout", "-q", "--", ".")
    copy.run("dvc", "config", "--local", "cache.type", link)
    try:
        copy.run("dvc", "checkout", "--relink", "--force")
        report = copy.root / "results/evaluate/report.html"
        assert report.is_symlink() if link == "symlink" else report.stat().st_nlink > 1
        before = cached(copy.root)
        for script, *arguments in (
            ["prepare.py"],
            ["train.py", "sweep=pipeline"],
            ["evaluate.py"],
            ["study.py", "own"],
            ["fingerprint.py"],
            ["publish.py"],
        ):
            copy.run(sys.executable, f"pipelines/{script}", *arguments)
        assert cached(copy.root) == before
        assert not report.is_symlink() and report.stat().st_nlink == 1
        assert git(copy.root, "status", "--porcelain") == ""
    finally:
        copy.run("dvc", "config", "--local", "--unset", "cache.type")
        copy.run("dvc", "checkout", "--relink", "--force")


def cached(root: Path) -> dict[str, str]:
    """The digest of every file in DVC's cache."""
    files = [path for path in root.glob(".dvc/cache/files/**/*") if path.is_file()]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_exp_run_in_the_workspace(copy: SimpleNamespace) -> None:
    known = trained(copy.root)
    copy.run("dvc", "exp", "run", "-n", "wide", "-S", "train.batch_size=[8,32]", "evaluate")
    new = trained(copy.root) - known
    assert len(new) == 6
    tags = [run.data.tags for run in runs(copy.root) if run.data.tags.get("perbatch.identity") in new]
    assert {tag["dvc.exp_name"] for tag in tags} == {"wide"}
    assert "wide" in copy.run("dvc", "exp", "show", "--csv").stdout
    git(copy.root, "checkout", "-q", "--", ".")
    copy.run("dvc", "checkout")
    changes = json.loads(copy.run("dvc", "metrics", "diff", "--json", "HEAD", "wide").stdout)
    changes = changes["results/evaluate/metrics.json"]
    assert "full_batch_test_accuracy" in changes  # the variant has no full batch
    assert "mini_batch_test_accuracy" not in changes  # and the same batches of 8
    copy.run(sys.executable, "tools/plots.py", "HEAD", "wide")
    page = (copy.root / "dvc_plots" / "index.html").read_text(encoding="utf-8")
    assert page.count("vegaEmbed('#") == 2
    assert '"rev": "wide"' in page and '"rev": "HEAD"' in page
    assert not re.search(r"<script[^>]+src|<link", page)


def test_exp_run_in_a_temporary_copy_logs_to_the_one_store(copy: SimpleNamespace) -> None:
    known = trained(copy.root)
    copy.run("dvc", "exp", "run", "--temp", "-n", "apart", "-S", "train.batch_size=[16,full]", "evaluate")
    assert len(trained(copy.root) - known) == 6
    assert git(copy.root, "status", "--porcelain") == ""
    assert "apart" in copy.run("dvc", "exp", "list", "--name-only").stdout


def test_queued_experiments_do_what_they_say(copy: SimpleNamespace) -> None:
    known = trained(copy.root)
    copy.run("dvc", "exp", "run", "--queue", "-n", "queued", "-S", "train.epochs=4", "evaluate")
    copy.run("dvc", "queue", "start")
    copy.run("dvc", "queue", "logs", "--follow", "queued")
    for _ in range(60):
        if "Running" not in copy.run("dvc", "queue", "status").stdout:
            break
    assert "Success" in copy.run("dvc", "queue", "status").stdout
    assert len(trained(copy.root) - known) == 12


def test_a_single_run_from_another_folder_stays_out_of_the_results(
    copy: SimpleNamespace, tmp_path: Path
) -> None:
    before = {out: (copy.root / out).read_bytes() for out in OUTS}
    script = str(copy.root / "pipelines" / "train.py")
    done = copy.run(sys.executable, script, "epochs=1", "batch_size=100", cwd=tmp_path)
    assert "validation loss" in done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []
    assert {out: (copy.root / out).read_bytes() for out in OUTS} == before
    assert git(copy.root, "status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["batch_size=abc"], "batch_size=abc: must be a whole number of at least 1, or full"),
        (["speed=1"], "speed"),
        (["data=diabetes", "model=regressor"], "python pipelines/prepare.py data=diabetes"),
        (["-m", "batch_size=4,0"], "batch_size=0"),
        (["tracking.uri=http://127.0.0.1:9"], "http://127.0.0.1:9 does not answer"),
        (["-m", "seed=90,91", "tracking.uri=http://127.0.0.1:9"], "http://127.0.0.1:9 does not answer"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing(
    copy: SimpleNamespace, arguments: list[str], said: str
) -> None:
    folders = {path.name for path in (copy.root / "runs").iterdir()}
    done = copy.run(sys.executable, "pipelines/train.py", *arguments, status=1)
    assert said in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert {path.name for path in (copy.root / "runs").iterdir()} == folders


def test_help_config_and_completion_are_hydras(copy: SimpleNamespace) -> None:
    assert "batch_size: 32" in copy.run(sys.executable, "pipelines/train.py", "--cfg", "job").stdout
    assert "until_satisfied" in copy.run(sys.executable, "pipelines/train.py", "--help").stdout
    assert "COMP_LINE" in copy.run(sys.executable, "pipelines/train.py", "-sc", "install=bash").stdout
