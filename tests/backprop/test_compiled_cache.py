"""Where compiled code is kept. Mostly a tiny package stands for the engine: it compiles in a second."""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from test_compiled_engine import bits

SOURCE = Path(sys.modules["perbatch"].__path__[0])
ENTRY = """
from perbatch.backprop.compiled.cache import kept, ready
from perbatch.backprop.compiled.callee import answer
import numpy as np
import sys, time

@kept
def entry(x):
    return answer(x)

def main():
    with ready(np.dtype(sys.argv[2])):
        value = entry(np.dtype(sys.argv[2]).type(2))
    print(value, sum(entry.stats.cache_misses.values()))
"""
CALLEE = """
from perbatch.backprop.compiled.jit import compiled

@compiled
def answer(x):
    return x * 21
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of perbatch.backprop whose compiled code is only the two functions above."""
    copy = tmp_path / "source" / "perbatch"
    shutil.copytree(SOURCE / "backprop", copy / "backprop", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("__init__.py", "fingerprint.py"):
        shutil.copy(SOURCE / name, copy)
    compiled = copy / "backprop" / "compiled"
    for module in compiled.glob("*.py"):
        if module.stem not in ("__init__", "cache", "jit"):
            module.unlink()
    (compiled / "entry.py").write_text(ENTRY)
    (compiled / "callee.py").write_text(CALLEE)
    return compiled


def start(package: Path, cache: Path, dtype: str = "float64", **environment: str) -> subprocess.Popen[str]:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import perbatch.backprop.compiled.entry as e; e.main()"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, str(package.parents[2]), dtype],
        env={**os.environ, "NUMBA_CACHE_DIR": str(cache), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[float, bool, str]:
    """What it computed, whether it compiled that, and what it said."""
    out, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    value, misses = out.split()
    return float(value), int(misses) > 0, said


def test_compiles_once_and_says_so(package: Path, tmp_path: Path) -> None:
    value, compiled, said = finish(start(package, tmp_path / "cache"))
    assert (value, compiled) == (42.0, True)
    assert "compiling" in said and str(tmp_path / "cache") in said and "not kept" not in said
    assert finish(start(package, tmp_path / "cache")) == (42.0, False, "")


def test_an_edit_in_a_callee_is_noticed(package: Path, tmp_path: Path) -> None:
    finish(start(package, tmp_path / "cache"))
    callee = package / "callee.py"
    status = callee.stat()
    callee.write_text(CALLEE.replace("x * 21", "x * 12"))
    os.utime(callee, ns=(status.st_atime_ns, status.st_mtime_ns))  # equal size and time do not hide it
    assert finish(start(package, tmp_path / "cache"))[:2] == (24.0, True)


def test_a_copy_of_the_sources_compiles_nothing(package: Path, tmp_path: Path) -> None:
    finish(start(package, tmp_path / "cache"))
    copy = shutil.copytree(package.parents[2], tmp_path / "another") / "perbatch" / "backprop" / "compiled"
    entry = copy / "entry.py"
    entry.write_text(f"# a comment moves every line\n{entry.read_text()}")
    assert finish(start(copy, tmp_path / "cache")) == (42.0, False, "")


@pytest.mark.slow
def test_processes_that_compile_at_once(package: Path, tmp_path: Path) -> None:
    kinds = ["float64", "float64", "float32"]
    together = [finish(each) for each in [start(package, tmp_path / "cache", kind) for kind in kinds]]
    assert [value for value, _, _ in together] == [42.0] * 3
    assert sorted(compiled for _, compiled, _ in together) == [False, True, True]
    for kind in kinds[1:]:
        assert finish(start(package, tmp_path / "cache", kind))[:2] == (42.0, False)


@pytest.mark.slow
def test_processes_load_at_once_and_wait_only_where_one_must_compile(package: Path, tmp_path: Path) -> None:
    _, _, said = finish(start(package, tmp_path / "cache"))
    with Path(said.split("kept in ")[1].strip(), "lock").open() as another:
        fcntl.flock(another, fcntl.LOCK_SH)  # as a process that loads
        assert finish(start(package, tmp_path / "cache")) == (42.0, False, "")
        compiling = start(package, tmp_path / "cache", "float32")
        with pytest.raises(subprocess.TimeoutExpired):
            compiling.wait(5)
    assert finish(compiling)[:2] == (42.0, True)


@pytest.mark.parametrize("obstacle", ["a file", "read-only", "others may write"])
def test_a_folder_that_cannot_be_used_is_replaced(package: Path, tmp_path: Path, obstacle: str) -> None:
    wished, temporary = tmp_path / "cache", tmp_path / "temporary"
    temporary.mkdir()
    if obstacle == "a file":
        wished.write_text("")
    elif obstacle == "read-only":
        if os.getuid() == 0:
            wished = Path("/proc/perbatch")  # permissions do not stop root
        else:
            wished.mkdir(mode=0o500)
    else:
        wished.mkdir()
        wished.chmod(0o777)
    value, compiled, said = finish(start(package, wished, TMPDIR=str(temporary)))
    assert (value, compiled) == (42.0, True)
    assert str(temporary) in said
    assert f"not kept in {wished}, which cannot be written, or is open to others" in said
    assert finish(start(package, wished, TMPDIR=str(temporary)))[:2] == (42.0, False)


def whole_copy(folder: Path) -> Path:
    """A copy of perbatch.backprop, all of it."""
    copy = folder / "source" / "perbatch"
    shutil.copytree(SOURCE / "backprop", copy / "backprop", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("__init__.py", "fingerprint.py"):
        shutil.copy(SOURCE / name, copy)
    return copy


def printed(copy: Path, cache: Path, code: str) -> str:
    command = [sys.executable, "-c", f"import sys; sys.path[:0] = sys.argv[1:]\n{code}"]
    here = Path(__file__).parent
    return subprocess.run(
        [*command, str(copy.parent), str(here), str(here.parent)],
        env={**os.environ, "NUMBA_CACHE_DIR": str(cache)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


@pytest.mark.slow
def test_an_edit_deep_in_the_engine_is_noticed(tmp_path: Path) -> None:
    """Relu becomes the identity."""
    copy = whole_copy(tmp_path)
    code = (
        "import numpy as np; from perbatch.backprop import Network, train\n"
        "network = Network((1, 1, 1), 'relu', 'squared_error', bias=False)\n"
        "settings = dict(batch_size=1, learning_rate=0.5, epochs=1, seed=0, engine='compiled')\n"
        "run = train(network, np.array([-1.0, 1.0]), np.ones((1, 1)), np.ones(1), **settings)\n"
        "print(run.theta.tolist())"
    )
    # a unit that is not active learns nothing
    assert printed(copy, tmp_path / "cache", code) == "[-1.0, 1.0]"
    edit(copy, "pointwise.py", "zero if values[j] < zero", "values[j] if values[j] < zero")
    assert printed(copy, tmp_path / "cache", code) == "[0.0, 0.0]"


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_length_of_vectors_does_not_change_a_bit(tmp_path: Path, dtype: str) -> None:
    """So processors with longer and with shorter ones agree."""
    copy = whole_copy(tmp_path)
    edit(copy, "vectors.py", "BYTES = ROW_BYTES if", "BYTES = 96 - ROW_BYTES if")
    edit(copy, "vectors.py", "else 32\n", "else ROW_BYTES\n")
    code = f"import test_compiled_engine as tests; print(tests.bits({dtype!r}))"
    assert printed(copy, tmp_path / "cache", code) == bits(dtype)


def edit(copy: Path, module: str, old: str, new: str) -> None:
    path = copy / "backprop" / "compiled" / module
    before = path.read_text()
    assert old in before
    path.write_text(before.replace(old, new))
