"""A run's folder: complete or not, never in between; damage is noticed."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from filelock import Timeout

from perbatch.runs.folder import HISTORY, RESULT, WEIGHTS, Damaged, RunFolder

HISTORY_TEXT = "presentations,train_loss\n0,2.25\n"
ROW = {"identity": "abc", "status": "finished", "validation_loss": 0.1}


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path / "abc")
    with folder.lock():
        folder.write({"seed": 0}, HISTORY_TEXT, np.arange(3.0), {"start": 1.0}, ROW)
    return folder


def test_holds_what_was_written(folder: RunFolder) -> None:
    assert folder.complete
    folder.check()
    assert folder.row() == ROW
    assert folder.history() == HISTORY_TEXT
    assert folder.theta().tolist() == [0.0, 1.0, 2.0]
    assert (folder.config(), folder.timings()) == ({"seed": 0}, {"start": 1.0})


def test_is_incomplete_until_the_last_file_is_there(folder: RunFolder) -> None:
    (folder.path / RESULT).unlink()
    assert not folder.complete


def test_a_write_that_breaks_off_leaves_it_incomplete(folder: RunFolder) -> None:
    folder.begin(None)
    assert not folder.complete
    with pytest.raises(TypeError):
        folder.write({"seed": object()}, HISTORY_TEXT, np.arange(3.0), {}, ROW)
    assert not folder.complete


@pytest.mark.parametrize("name", [HISTORY, WEIGHTS, RESULT])
@pytest.mark.parametrize("harm", ["truncate", "flip", "remove"])
def test_notices_damage(folder: RunFolder, name: str, harm: str) -> None:
    path = folder.path / name
    content = bytearray(path.read_bytes())
    if harm == "remove":
        path.unlink()
    elif harm == "truncate":
        path.write_bytes(content[:-2])
    else:
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    if name == RESULT and harm == "remove":
        assert not folder.complete
        return
    with pytest.raises(Damaged):
        folder.check()


def test_says_which_stores_have_the_run(folder: RunFolder) -> None:
    assert not folder.logged("store")
    folder.mark_logged("store", "run1")
    folder.mark_logged("another", "run2")
    assert folder.logged("store")
    assert folder.logged("another")
    folder.clear()
    assert not folder.logged("store")


def test_the_lock_is_freed_when_its_holder_is_killed(folder: RunFolder) -> None:
    program = (
        "import sys, time; from pathlib import Path; from perbatch.runs.folder import RunFolder\n"
        "with RunFolder(Path(sys.argv[1])).lock(): print('held', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", program, str(folder.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Timeout):
            folder.lock().acquire(timeout=0.2)
        holder.kill()
        holder.wait()
    with folder.lock().acquire(timeout=5):
        pass


def test_knows_which_sweep_began_it_last(folder: RunFolder) -> None:
    assert not folder.begun_by("one")
    folder.begin("one")
    assert folder.under_way
    assert folder.begun_by("one")
    assert not folder.begun_by("two")
    folder.begin(None)
    assert not folder.begun_by("one")
    assert not folder.begun_by(None)  # no sweep is not one sweep


def test_what_comes_from_elsewhere_replaces_a_complete_run_only_where_asked(
    folder: RunFolder, tmp_path: Path
) -> None:
    elsewhere, before = RunFolder(tmp_path / "elsewhere"), folder.written
    with elsewhere.lock():
        elsewhere.write({"seed": 0}, HISTORY_TEXT, np.arange(3.0), {"start": 2.0}, ROW)
    folder.mark_logged("store", "run1")
    folder.take(elsewhere.files(), again=False)
    assert folder.written == before
    folder.take({}, again=True)  # the job did not come to it
    assert folder.written == before
    folder.take(elsewhere.files(), again=True)
    assert (folder.intact, folder.timings()) == (True, {"start": 2.0})
    assert folder.written != before
    assert not folder.logged("store")  # that was the run before
