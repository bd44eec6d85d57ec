"""`hydra/launcher=cluster`: workers without a common disk, one of them killed, and what is refused."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from dask_workers import Dask

from processes import Place, copy_checkout, wait_for

GRID = ("batch_size=8,full", "learning_rate=0.1", "seed=0,1,2", "epochs=3")


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[Dask]:
    folder = tmp_path / "dask"
    folder.mkdir()
    cluster = Dask(folder)
    cluster.start()
    yield cluster
    cluster.stop()


@pytest.fixture
def here(tmp_path: Path, checkout: Path, dask: Dask) -> Place:
    return Place(tmp_path / "root", checkout, environment={"DASK_SCHEDULER_ADDRESS": dask.address})


CLUSTER = "hydra/launcher=cluster"


def test_a_killed_worker_costs_nothing_and_results_come_back(
    here: Place, dask: Dask, checkout: Path, prepared: Path, tmp_path: Path
) -> None:
    roots = [dask.add("one", checkout)]
    roots.append(dask.add("two", copy_checkout(tmp_path / "elsewhere", prepared)))
    grid = ("batch_size=1", "learning_rate=0.05", "seed=0,1,2,3,4,5", "epochs=40")
    process = here.start(*grid, CLUSTER, "hydra.sweeper.runs_per_job=2")
    wait_for(lambda: all(list(root.glob("runs/*/.started")) for root in roots), process)
    wait_for(lambda: kill_trainer(roots[1]), process)
    dask.stop("two")
    said = here.end(process)
    assert "Traceback" not in said
    assert len(here.stamps()) == 6
    # No worker shares a disk with the driver, which has all folders whole, and logged them itself.
    assert here.logged() == dict.fromkeys(here.stamps(), 1)
    assert not list(tmp_path.glob("dask/*/mlflow.db"))
    alone = Place(tmp_path / "alone", checkout)
    alone.run(*grid, "hydra/launcher=basic")
    assert here.tables() == alone.tables()
    assert "6 runs: 6 reused" in here.run(*grid, CLUSTER)


def kill_trainer(root: Path) -> bool:
    """Kill the worker's process that holds the lock of a run under this root."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if any(file.path.startswith(str(root / "runs")) for file in process.open_files()):
                process.kill()
                return True
    return False


def test_what_is_refused_before_it_starts(here: Place, dask: Dask, checkout: Path, tmp_path: Path) -> None:
    def refusal(*arguments: str) -> str:
        said = here.run(*GRID, CLUSTER, *arguments, status=1)
        assert "Traceback" not in said
        assert not list(here.root.glob("runs/*/run.json"))
        return said.splitlines()[-1]

    assert "no Dask cluster answers" in refusal("hydra.launcher.address=tcp://127.0.0.1:9")
    assert "set DASK_SCHEDULER_ADDRESS" in refusal("hydra.launcher.address=null")
    dask.add("bare", None)
    assert "cannot use perbatch (ModuleNotFoundError" in refusal()
    dask.stop("bare")
    changed = tmp_path / "changed"
    shutil.copytree(checkout, changed)
    source = changed / "src" / "perbatch" / "backprop" / "losses.py"
    source.write_text(source.read_text() + "\nCHANGED = True\n")
    dask.add("changed", changed)
    assert "has other code than this checkout: bring both to one commit" in refusal()
    dask.stop("changed")
    dask.add("threads", checkout, threads=2)
    assert "start it with --nthreads 1" in refusal()


def test_a_worker_without_the_data_says_which_command_prepares_them(
    here: Place, dask: Dask, checkout: Path
) -> None:
    bare = Path(tempfile.mkdtemp(dir=dask.folder))
    for name in ("src", "conf", "pipelines"):
        shutil.copytree(checkout / name, bare / name)
    dask.add("empty", bare)
    said = here.run(*GRID, CLUSTER, status=1)
    assert "6 of 6 runs failed" in said.splitlines()[-1]
    assert "pipelines/prepare.py" in said.splitlines()[-1]
