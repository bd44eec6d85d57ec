"""Every entry point in every odd environment: its exit code, one sentence, and nothing written by halves."""

import os
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from copies import ROOT, copy_repository, environment

pytestmark = pytest.mark.slow

RUN = ("epochs=1", "seed=7")
PREPARE = ("prepare.py", "data=diabetes")
SINGLE = ("train.py", *RUN)
SWEEP = ("train.py", "-m", *RUN, "batch_size=8,full", "hydra/launcher=basic")
EVALUATE, PUBLISH, REGISTER, BENCHMARK = (
    (f"{name}.py",) for name in ("evaluate", "publish", "register", "benchmark")
)
STUDY = ("study.py", "fresh_order")
QUICK = (PREPARE, SINGLE, SWEEP, EVALUATE, PUBLISH, REGISTER, BENCHMARK)
LOGS = (SINGLE, SWEEP, PUBLISH, REGISTER, STUDY)
"""Those that need MLflow's store."""

NOWHERE = "no store of perbatch can be there"
NO_COMPILER = "NUMBA_DISABLE_JIT=1 turns Numba's compiler off: unset it, or take the engine numpy"
TABLE: list[tuple[str, dict[str, str], tuple[tuple[str, ...], ...], str]] = [
    ("a wrong scheme", {"MLFLOW_TRACKING_URI": "gopher://x"}, LOGS, NOWHERE),
    ("a password", {"MLFLOW_TRACKING_URI": "postgresql://me:hidden@h/x"}, LOGS, "holds a password"),
    ("a silent PostgreSQL", {"MLFLOW_TRACKING_URI": "postgresql://me@{silent}/x"}, LOGS, "within 10 s"),
    ("no compiler", {"NUMBA_DISABLE_JIT": "1"}, (SINGLE, SWEEP, BENCHMARK, STUDY), NO_COMPILER),
]
"""What is odd, the variables, the entry points that must refuse with exit code 1, and what they say."""

OF_OTHERS = {
    "GIT_DIR": "/nowhere",
    "GIT_WORK_TREE": "/nowhere",
    "HYDRA_FULL_ERROR": "0",
    "MLFLOW_REGISTRY_URI": "http://127.0.0.1:1",
    "MLFLOW_RUN_ID": "0123456789abcdef0123456789abcdef",
    "MLFLOW_EXPERIMENT_NAME": "another",
    "CONDA_PREFIX": "/nowhere",
    "VIRTUAL_ENV": "/nowhere",
    "UV_PYTHON": "/nowhere",
    "PYTHONSAFEPATH": "1",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy in which the pipeline's own stages were run, with a benchmark that takes seconds."""
    root = tmp_path_factory.mktemp("entry") / "perbatch"
    copy_repository(root)
    params = OmegaConf.load(root / "params.yaml")
    params.benchmark.update(
        {"repeats": 1, "batch_size": [1, 8], "micro_batch_size": [4], "engine": ["compiled"]}
    )
    OmegaConf.save(params, root / "params.yaml")
    for command in (
        ("prepare.py",),
        ("prepare.py", "data=digits_studies"),
        ("train.py", "sweep=pipeline"),
        ("evaluate.py",),
    ):
        done = call(root, command, {})
        assert done.returncode == 0, done.stderr
    return root


def call(
    root: Path, command: tuple[str, ...], odd: dict[str, str], before: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*before, sys.executable, f"pipelines/{command[0]}", *command[1:]],
        cwd=root,
        env={**environment(), **odd},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=300,
    )


@contextmanager
def silent() -> Iterator[str]:
    """The address of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def state(root: Path) -> set[str]:
    """What lies below, without caches and locks; nothing there may be half-written."""
    found = {str(path.relative_to(root)) for path in root.rglob("*") if "__pycache__" not in path.parts}
    assert not [name for name in found if name.endswith((".tmp", ".unfinished"))]
    return {
        name for name in found if not name.endswith(".lock") and ".git/" not in name and ".sweeps" not in name
    }


REFUSED = [
    pytest.param(command, variables, said, id=f"{odd}, {' '.join(command[:2])}")
    for odd, variables, commands, said in TABLE
    for command in commands
]


@pytest.mark.parametrize(("command", "variables", "said"), REFUSED)
def test_what_cannot_work_is_refused_in_one_sentence(
    root: Path, command: tuple[str, ...], variables: dict[str, str], said: str
) -> None:
    before = state(root)
    with silent() as address:
        done = call(root, command, {key: value.format(silent=address) for key, value in variables.items()})
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("error: ") and said in last
    assert "Traceback" not in done.stderr and "hidden" not in done.stderr
    assert done.stderr.count("error: ") == 1
    assert state(root) == before


@pytest.fixture
def read_only(root: Path) -> Iterator[list[str]]:
    """What stands before a command so that the checkout cannot be written.

    For root, whom no permissions bind, it is a mount of its own that is read-only.
    """
    if os.geteuid() == 0:
        here = shlex.quote(str(root))
        mount = f'mount --bind {here} {here} && mount -o remount,bind,ro {here} && cd {here} && "$@"'
        prefix = ["unshare", "--mount", "sh", "-c", mount, "sh"]
        if not shutil.which("unshare") or subprocess.run([*prefix, "true"], capture_output=True).returncode:
            pytest.skip(
                "as root a read-only checkout takes a mount namespace, which this machine does not allow"
            )
        yield prefix
        return
    places = [root, *(path for path in root.rglob("*") if path.is_dir() or path.name == "mlflow.db")]
    modes = {path: path.stat().st_mode for path in places}
    for path in places:
        path.chmod(modes[path] & ~0o222)
    yield []
    for path, mode in modes.items():
        path.chmod(mode)


READ_ONLY = [
    (PREPARE, "the prepared data cannot be written to"),
    (("train.py", "epochs=1", "seed=70"), "cannot be written"),
    (("train.py", "-m", "epochs=1", "seed=70,71", "hydra/launcher=basic"), "cannot be written"),
    (EVALUATE, "cannot be written"),
    (PUBLISH, "cannot be written"),
    (REGISTER, "cannot be written"),
    (BENCHMARK, "throughput.csv cannot be written"),
    (STUDY, "cannot be written"),
]


@pytest.mark.parametrize(
    ("command", "said"), READ_ONLY, ids=[" ".join(command[:2]) for command, _ in READ_ONLY]
)
def test_a_checkout_that_cannot_be_written_is_said_as_that(
    root: Path, read_only: list[str], command: tuple[str, ...], said: str
) -> None:
    before = state(root)
    done = call(root, command, {}, read_only)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("error: ") and said in last and ("ead-only" in last or "ermission" in last)
    assert "make room" not in done.stderr and "Traceback" not in done.stderr
    assert state(root) == before


@pytest.mark.parametrize("command", QUICK, ids=lambda each: " ".join(each[:2]))
def test_variables_of_others_change_nothing(root: Path, command: tuple[str, ...]) -> None:
    done = call(root, command, OF_OTHERS)
    assert done.returncode == 0, done.stderr


BAD = [
    (PREPARE, "data.split.train=-1", "data.split.train is -1"),
    (PREPARE, "data=nosuch", "Could not find 'data/nosuch'"),
    (SINGLE, "seed=-1", "seed=-1: must be"),
    (SWEEP, "seed=-1", "seed=-1: must be"),
    (SWEEP, "~seed", "~seed: every key of a run has a value"),
    (EVALUATE, "nosuch", "nosuch/train/runs.csv is missing"),
    (PUBLISH, "nosuch", "nosuch/evaluate/report.html is missing"),
    (REGISTER, "nosuch", "nosuch/evaluate/champion.json is missing"),
    (("study.py",), "nosuch", "nosuch: there is no such study"),
]


@pytest.mark.parametrize(("command", "bad", "said"), BAD)
def test_bad_input_is_one_sentence_whatever_hydra_is_told(
    root: Path, command: tuple[str, ...], bad: str, said: str
) -> None:
    before = state(root)
    done = call(root, (*command, bad), {"HYDRA_FULL_ERROR": "0"})
    assert done.returncode == 1
    assert [line for line in done.stderr.splitlines() if said in line], done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("error: ")
    assert "Error executing job" not in done.stdout + done.stderr
    assert state(root) == before


SCRIPTS = sorted(path.name for path in (ROOT / "pipelines").glob("*.py") if path.name != "checkout.py")


@pytest.fixture(scope="module")
def another(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Not the checkout that is installed: its library says so, and its params.yaml holds nothing."""
    folder = tmp_path_factory.mktemp("another")
    for name in ("src", "conf", "pipelines"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "params.yaml").write_text("{}\n")
    with (folder / "src" / "perbatch" / "errors.py").open("a") as file:
        file.write('\nprint("the library of another checkout")\n')
    return folder


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("option", ["", "-P"])
def test_a_script_finds_its_own_checkout_where_python_leaves_its_folder_out(
    another: Path, tmp_path: Path, script: str, option: str
) -> None:
    command = [sys.executable, *filter(None, [option]), str(another / "pipelines" / script), "--help"]
    variables = environment() | ({} if option else {"PYTHONSAFEPATH": "1"})
    done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True)
    assert done.stdout.startswith("the library of another checkout\n"), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [each for each in (*QUICK, STUDY) if each != BENCHMARK])
def test_an_option_that_is_none_is_answered_with_the_usage(root: Path, command: tuple[str, ...]) -> None:
    done = call(root, (*command, "--no-such-option"), {})
    assert done.returncode == 2
    assert "usage: " in done.stderr
