"""Real clusters on loopback: a SLURM of two nodes, and a Dask cluster of two workers."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from dask_workers import Dask
from slurm_nodes import Slurm, installed

from checkouts import alter
from processes import Place, copy_checkout


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.cluster)


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Path:
    return copy_checkout(tmp_path_factory.mktemp("checkout"), prepared)


@pytest.fixture(scope="session")
def slurm() -> Iterator[Slurm]:
    """Its folder must have a short path: sockets lie in it."""
    if not installed():
        pytest.skip("SLURM is not installed: apt install slurmctld slurmd slurm-client munge")
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))
    folder.chmod(0o755)
    running = Slurm(folder)
    try:
        running.start()
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def slow_checkout(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> Path:
    """Code with which a run takes 4 s at least, and leaves a line in `trained`, wherever it is trained."""
    slow = tmp_path_factory.mktemp("slow") / "checkout"
    shutil.copytree(checkout, slow)
    return alter(
        slow,
        "with open(__import__('os').environ['DVC_ROOT'] + '/trained', 'a') as trained:",
        "    trained.write(f'{config.seed}\\n')",
        "time.sleep(4)",
    )


@pytest.fixture
def slow_place(tmp_path: Path, slow_checkout: Path, slurm: Slurm) -> Place:
    return Place(tmp_path / "slow", slow_checkout, environment=slurm.environment)


@pytest.fixture
def place(tmp_path: Path, checkout: Path, slurm: Slurm) -> Place:
    return Place(tmp_path / "root", checkout, environment=slurm.environment)


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[Dask]:
    folder = tmp_path / "dask"
    folder.mkdir()
    cluster = Dask(folder)
    cluster.start()
    yield cluster
    cluster.stop()
