"""What all tests share: data prepared once, a workspace of one's own, configs of the real files."""

import json
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig

from perbatch.data.preparation import prepare
from perbatch.data.readers import diabetes, digits
from perbatch.runs import identity, places
from perbatch.sweep import record, resolvers
from tracking_server import Server

Compose = Callable[..., DictConfig]

resolvers.register()


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both shipped data sets, prepared with the settings of conf/data/."""
    folder = tmp_path_factory.mktemp("prepared")
    with initialize_config_dir(str(places.CONF), version_base="1.3"):
        for name, source in (("digits", digits), ("diabetes", diabetes)):
            settings = identity.plain(compose("prepare", [f"data={name}"]).data)
            prepare(source.read(), settings, folder / name)
    return folder


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


@pytest.fixture
def workspace(tmp_path: Path, prepared: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where runs and the store go in place of the repository's root; the data are prepared."""
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr(places, "PREPARED", prepared)
    return tmp_path


@pytest.fixture
def composed(workspace: Path) -> Iterator[Compose]:
    """Compose a run's config from overrides, with Hydra's own part."""
    with initialize_config_dir(str(places.CONF), version_base="1.3"):
        yield lambda *overrides: compose("config", list(overrides), return_hydra_config=True)
    GlobalHydra.instance().clear()


@pytest.fixture
def forget() -> Callable[[], None]:
    """Forgets what a process keeps of its store, as a new process does."""

    def forget() -> None:
        record.store_at.cache_clear()
        record.experiment_of.cache_clear()

    return forget


@pytest.fixture
def digest_of_digits(prepared: Path) -> str:
    return str(json.loads((prepared / "digits" / "summary.json").read_text())["digest"])
