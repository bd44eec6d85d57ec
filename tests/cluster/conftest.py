"""Real clusters on loopback: a SLURM of two nodes, and a Dask cluster of two workers."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from slurm_nodes import Slurm, installed

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


@pytest.fixture
def place(tmp_path: Path, checkout: Path, slurm: Slurm) -> Place:
    return Place(tmp_path / "root", checkout, environment=slurm.environment)
