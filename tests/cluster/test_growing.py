"""The page "Growing past one machine", word by word: a server, a SLURM and a Dask cluster on this machine."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from slurm_nodes import Slurm

from blocks import ROOT
from copies import run
from test_docs import ON_A_CLUSTER, carry_out_all, fresh


@pytest.fixture
def root() -> Iterator[Path]:
    """A folder in which PostgreSQL, which does not run as root, reaches its own."""
    folder = Path(tempfile.mkdtemp(prefix="perbatch-page-"))
    folder.chmod(0o755)
    yield folder / "perbatch"
    shutil.rmtree(folder)


def test_every_block_of_the_page_works(root: Path, slurm: Slurm, monkeypatch: pytest.MonkeyPatch) -> None:
    # The code that Dask's workers run, and so the data that they find, are those of the page's own checkout.
    for name, value in {**slurm.environment, "PYTHONPATH": str(root / "src")}.items():
        monkeypatch.setenv(name, value)
    fresh(root)
    run(root, "make", "repro")
    carry_out_all(ROOT / "docs" / ON_A_CLUSTER, root)
