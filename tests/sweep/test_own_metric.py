"""A metric of one's own: in history, tables, MLflow and identity; a bad one fails its run with a sentence."""

import csv
import io
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from copies import environment
from processes import BASIC, ROOT, Place

OWN = """
import numpy as np


def size(network, theta, train, validation):
    (X, y), (others, _) = train, validation
    assert X.shape == (1000, 64) and others.shape == (397, 64) and y.shape == (1000,)
    assert network.predict(theta, X).shape == (1000, 10)
    theta[:] = np.nan
    return np.float32(len(others))


def broken(network, theta, train, validation):
    train[0][0, 0] = 1.0


def text(network, theta, train, validation):
    return "0.5"


def infinite(network, theta, train, validation):
    return np.log(0.0)
"""
ONE = ("batch_size=full", "seed=0", "epochs=2", BASIC)


@pytest.fixture(scope="module")
def own(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with metrics of a user's."""
    folder = tmp_path_factory.mktemp("own") / "checkout"
    shutil.copytree(checkout, folder)
    shutil.copy(ROOT / "pyproject.toml", folder)
    (folder / "src" / "mine.py").write_text(OWN)
    return folder


def table(place: Place, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(place.tables()[name].decode())))


@pytest.mark.slow
def test_it_is_in_tables_and_mlflow_and_disturbs_nothing(own: Path, tmp_path: Path) -> None:
    place = Place(tmp_path, own)
    place.run("metric=null,mine.size", *ONE)
    without, measured = table(place, "runs.csv")
    assert (without["metric"], without["own_metric"]) == ("", "")
    assert (measured["metric"], measured["own_metric"]) == ("mine.size", "397.0")
    same = without.keys() - {"identity", "metric", "own_metric"}
    assert {key: without[key] for key in same} == {key: measured[key] for key in same}
    values = {
        row["own_metric"] for row in table(place, "history.csv") if row["identity"] == measured["identity"]
    }
    assert values == {"397.0"}
    logged = place.query("SELECT key, value FROM metrics WHERE key IN ('own/metric', 'final/own_metric')")
    assert {key for key, _ in logged} == {"own/metric", "final/own_metric"}
    assert {value for _, value in logged} == {397.0}


@pytest.mark.slow
def test_its_code_is_in_the_identity_and_in_the_digest_of_the_stage(own: Path, tmp_path: Path) -> None:
    code, params = own / "src" / "mine.py", own / "params.yaml"
    before, place = code.read_text(), Place(tmp_path, own)
    params.write_text(params.read_text().replace("train:\n", "train:\n  metric: mine.size\n", 1))
    script, seen = [sys.executable, "pipelines/fingerprint.py"], []
    for text in (before, f"# a comment\n{before}", before.replace("len(others)", "2 * len(others)")):
        code.write_text(text)
        planned = place.run("metric=mine.size,null", *ONE, "dry_run=true")
        subprocess.run(script, cwd=own, env=environment(), check=True)
        digests = OmegaConf.load(own / "results" / "fingerprint.yaml")
        seen.append((*re.findall("^[0-9a-f]{12}(?=  )", planned, re.M), digests.train, digests.prepare))
    code.write_text("def size(")
    done = subprocess.run(
        [sys.executable, "pipelines/fingerprint.py"],
        cwd=own,
        env=environment(),
        capture_output=True,
        text=True,
    )
    code.write_text(before)
    assert done.returncode == 1
    assert done.stderr == "error: mine.py, line 1: cannot be read as Python: '(' was never closed\n"
    first, commented, (run, without, stage, data) = seen
    assert first == commented
    assert (run != first[0], without == first[1], stage != first[2], data == first[3]) == (True,) * 4


def test_a_bad_one_fails_its_run_with_a_sentence_and_no_other(own: Path, tmp_path: Path) -> None:
    place = Place(tmp_path, own)
    said = place.run("metric=mine.broken,mine.text,mine.infinite,null", *ONE, status=1)
    for name, why in (
        ("broken", "it raised ValueError: assignment destination is read-only"),
        ("text", "it returned '0.5'; a finite number is needed"),
        ("infinite", "it returned np.float64(-inf); a finite number is needed"),
    ):
        assert f"metric=mine.{name}: {why}" in said
    assert "Traceback" not in said
    assert len(place.folders("failure.txt", "run.json")) == 3
    assert len(place.folders("run.json")) == 1
