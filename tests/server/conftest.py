"""Sweeps that log to a real MLflow server on a real PostgreSQL, on loopback, as `make server` starts it."""

from pathlib import Path

import pytest

from processes import Place, copy_checkout
from tracking_server import Server


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.server)


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Path:
    return copy_checkout(tmp_path_factory.mktemp("checkout"), prepared)


@pytest.fixture
def place(tmp_path: Path, checkout: Path, server: Server) -> Place:
    return Place(tmp_path / "root", checkout, environment=server.environment)
