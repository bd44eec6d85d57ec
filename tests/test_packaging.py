"""perbatch away from its repository, and the version, which has one owner."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

from copies import ROOT, git, run
from perbatch.report.citation import citation as cite
from planted import results_of, usual_runs

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
VERSION = PROJECT["version"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built of a copy by what the environment has, without the network."""
    copy, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE", *git(ROOT, "ls-files", "src").split()):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes((ROOT / name).read_bytes())
    uv = Path(sys.executable).with_name("uv")
    run(
        copy,
        str(uv),
        "build",
        "--wheel",
        "--offline",
        "--no-build-isolation",
        "--quiet",
        "--out-dir",
        str(out),
    )
    return next(out.glob("*.whl"))


def test_the_wheel_holds_every_file_of_the_library(wheel: Path) -> None:
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    # beside them lie what the scripts of a checkout need, and a user's metrics
    listed = git(ROOT, "ls-files", "src/perbatch", "src/hydra_plugins").split()
    tracked = {name.removeprefix("src/") for name in listed}
    assert held == {name for name in tracked if (ROOT / "src" / name).is_file()}


def test_it_is_imported_and_trains_from_another_folder(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    program = (
        "import sys; sys.path.insert(0, 'site')\n"
        "import numpy as np, perbatch\n"
        "from perbatch import analysis, backprop, claims, data, report, timing, tracking\n"
        "import perbatch.sweep.task, hydra_plugins.perbatch_sweeper\n"
        "assert perbatch.__file__.startswith(sys.argv[1]), perbatch.__file__\n"
        "network = backprop.Network((2, 3, 2))\n"
        "theta = network.init(backprop.generators(0)[0])\n"
        "run = backprop.train(network, theta, np.eye(2), np.array([0, 1]), batch_size=1, learning_rate=0.1,"
        " epochs=2, seed=0)\n"
        "print(perbatch.__version__, len(run.history['epoch']) > 1)\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, str(tmp_path)], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout.split() == [VERSION, "True"], done.stderr


def test_the_version_and_the_citation_are_said_alike_everywhere() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == VERSION
    (author,), title = citation["authors"], citation["title"].replace("perbatch:", f"perbatch {VERSION}:")
    assert cite(results_of(usual_runs())).startswith(f"{author['name']}. {title} Result of ")
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = [head for head in re.findall(r"^## (\S+)", changes, re.MULTILINE) if head != "Unreleased"]
    assert released[0] == VERSION


def test_the_workflow_does_what_the_own_check_does() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    job = workflow["jobs"]["check"]
    commands = [step["run"] for step in job["steps"] if "run" in step]
    assert [each for each in commands if not each.startswith("git config")] == ["bash .ci/run"]
    assert job["container"] == "python:${{ matrix.python }}-bookworm"  # .ci/run installs by apt, as root
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "requires-python"
    ]
    oldest, newest = re.findall(r"3\.(\d+)", wanted)
    assert job["strategy"]["matrix"]["python"] == [f"3.{oldest}", f"3.{int(newest) - 1}"]
