"""`make env` makes the own environment, wherever a user's settings of uv, pip or Python point."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from copies import ROOT, git

ELSEWHERE = ("UV_TARGET", "UV_PREFIX", "UV_PROJECT_ENVIRONMENT", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT")
"""Variables that name a folder to install into."""


def make(root: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    own = str(Path(sys.executable).parent)
    path = os.pathsep.join(part for part in os.environ["PATH"].split(os.pathsep) if part != own)
    return subprocess.run(
        ["make", *arguments],
        cwd=root,
        env={**os.environ, "PATH": path, **variables},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What `make env` needs of the checkout."""
    files = git(ROOT, "ls-files", "-z", "src", "tools", "Makefile", "*.toml", "*.lock")
    for name in filter(None, files.split("\0")):
        if (ROOT / name).is_file():
            (tmp_path / "copy" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / "copy" / name)
    shutil.copy(ROOT / "README.md", tmp_path / "copy")
    shutil.copy(ROOT / "LICENSE", tmp_path / "copy")
    return tmp_path / "copy"


def held(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if "__pycache__" not in path.parts}


@pytest.mark.slow
def test_no_variable_leads_it_to_another_place(copy: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    venv.create(other, with_pip=True)
    before = held(other)
    python = str(other / "bin" / "python")
    done = make(
        copy,
        "env",
        **{name: str(tmp_path / "elsewhere") for name in ELSEWHERE},
        **dict.fromkeys(("UV_PYTHON", "PIP_PYTHON"), python),
        **dict.fromkeys(("UV_SYSTEM_PYTHON", "UV_BREAK_SYSTEM_PACKAGES", "UV_REQUIRE_HASHES"), "1"),
        **dict.fromkeys(("PIP_USER", "PIP_REQUIRE_VIRTUALENV", "PIP_DRY_RUN", "PYTHONSAFEPATH"), "1"),
        CONDA_PREFIX=str(other),
        UV_WORKING_DIR=str(tmp_path),
        PYTHONPATH=str(tmp_path / "elsewhere"),
        PYTHONHOME=str(tmp_path / "elsewhere"),
        NUMBA_CACHE_DIR=str(tmp_path / "compiled"),
    )
    assert done.returncode == 0, done.stderr
    assert held(other) == before
    assert not (tmp_path / "elsewhere").exists()
    # What Python may not write later, where it may write no bytecode.
    assert list(copy.glob(".venv/lib/*/site-packages/mlflow/store/tracking/__pycache__/sqlalchemy_store.*"))
    # What the first run would wait for.
    assert list(tmp_path.glob("compiled/*/float64"))
    dvc = subprocess.run([copy / ".venv/bin/dvc", "--version"], capture_output=True, text=True, check=True)
    assert dvc.stdout.strip()


def test_a_configuration_that_installs_elsewhere_is_refused_before_anything_is_installed(
    copy: Path, tmp_path: Path
) -> None:
    settings = tmp_path / "pip.conf"
    settings.write_text(f"[install]\ntarget = {tmp_path / 'elsewhere'}\n")
    done = make(copy, "env", PIP_CONFIG_FILE=str(settings))
    assert done.returncode == 2
    assert "error: pip would install elsewhere" in done.stderr
    assert "install.target=" in done.stdout
    assert not (tmp_path / "elsewhere").exists()
    assert not (copy / ".venv" / ".installed").exists()


@pytest.mark.parametrize("moved", [False, True])
def test_an_environment_that_was_moved_is_made_anew(copy: Path, tmp_path: Path, moved: bool) -> None:
    (copy / ".venv").mkdir()
    (copy / ".venv" / ".installed").write_text(f"{tmp_path / 'before' if moved else copy}\n")
    planned = make(copy, "-n", "env").stdout
    assert ("rm -rf .venv" in planned) is moved
    assert ("Nothing to be done" in planned) is not moved


@pytest.mark.parametrize("mended", [False, True])
def test_without_git_it_says_what_to_type(copy: Path, mended: bool) -> None:
    """Of a ZIP download; where DVC was told that there is no git, it goes on to DVC."""
    (copy / ".venv" / "bin").mkdir(parents=True)
    (copy / ".venv" / ".installed").touch()
    for name in ("dvc", "python"):
        (copy / ".venv" / "bin" / name).symlink_to(Path(sys.executable).parent / name)
    if mended:
        subprocess.run([copy / ".venv/bin/dvc", "init", "-q", "--no-scm"], cwd=copy, check=True)
        (copy / ".dvc" / "config").write_text("")
        command = [copy / ".venv/bin/dvc", "config", "--local", "core.no_scm", "true"]
        subprocess.run(command, cwd=copy, check=True)
    done = make(copy, "repro", GIT_CEILING_DIRECTORIES=str(copy.parent))
    assert done.returncode == 2
    assert ("no git repository (a ZIP download?)" in done.stderr) is not mended
    assert ("`.venv/bin/dvc config --local core.no_scm true`" in done.stderr) is not mended
    assert ("dvc.yaml" in done.stdout + done.stderr) is mended
