"""A real MLflow server on a real PostgreSQL, on loopback, as `make server` starts it."""

import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import Server

from processes import Place, copy_checkout


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.server)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One server for all tests; PostgreSQL, which will not run as root, must reach its folder."""
    if not (shutil.which("initdb") or list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))):
        pytest.skip("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="perbatch-test-"))
    folder.chmod(0o755)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = Server(folder / "server", port)
    running.start()
    try:
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Path:
    return copy_checkout(tmp_path_factory.mktemp("checkout"), prepared)


@pytest.fixture
def place(tmp_path: Path, checkout: Path, server: Server) -> Place:
    return Place(tmp_path / "root", checkout, environment=server.environment)
