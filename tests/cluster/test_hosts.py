"""Two machines on one disk: processes that say different host names, and are told that the disk is NFS."""

import subprocess
from pathlib import Path

import pytest

from copies import environment
from processes import BASIC, Place, kill, wait_for

GRID = ("batch_size=full", "learning_rate=0.1", "epochs=1", "seed=0,1,2", BASIC)
CUSTOMISE = """
import platform, psutil
from types import SimpleNamespace
platform.node = lambda: {host!r}
if {opts!r}:
    psutil.disk_partitions = lambda all: [SimpleNamespace(mountpoint="/", fstype="nfs4", opts={opts!r})]
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


def host(root: Path, checkout: Path, name: str, opts: str = "") -> Place:
    """The root as a machine of that name sees it, mounted by NFS with these options."""
    customised = root.parent / f"{name}{opts}"
    customised.mkdir()
    (customised / "sitecustomize.py").write_text(CUSTOMISE.format(host=name, opts=opts))
    return Place(root, checkout, environment={"PYTHONPATH": str(customised)})


def test_two_hosts_train_each_run_once(root: Path, slow_checkout: Path) -> None:
    places = [host(root, slow_checkout, name) for name in ("one", "two")]
    for place, process in [(place, place.start(*GRID)) for place in places]:
        place.end(process)
    assert sorted((root / "trained").read_text().split()) == list("012")
    assert places[0].logged() == dict.fromkeys(places[0].stamps(), 1)
    assert places[0].statuses() == {"FINISHED": 3}
    assert places[0].statuses("sweep") == {"FINISHED": 2}


def test_sqlite_on_a_network_disk_is_for_one_host_at_a_time(root: Path, slow_checkout: Path) -> None:
    one = host(root, slow_checkout, "one", "rw,local_lock=none")
    two = host(root, slow_checkout, "two", "rw,local_lock=none")
    blind = host(root, slow_checkout, "two", "rw,local_lock=all")
    process = one.start(*GRID)
    wait_for(one.stamps, process)
    for place in (two, blind):
        said = place.run(*GRID, status=1).splitlines()[-1]
        assert "mlflow.db is SQLite on a network disk (nfs4)" in said
        assert "one is at work on it: wait for its end, or take a server (tracking=server)" in said
    kill(process)
    said = blind.run(*GRID, "seed=3", status=1)  # this host sees no lock of another
    two.run(*GRID)  # the lock says that one is dead
    assert len(one.stamps()) == 3
    assert one.statuses("sweep") == {"KILLED": 1, "FINISHED": 1}
    assert one.statuses()["RUNNING"] == 0
    process = one.start(*GRID, "seed=4,5")
    wait_for(lambda: one.statuses("sweep")["RUNNING"], process)
    kill(process)
    said = blind.run(*GRID, "seed=3", status=1)
    subprocess.run(said.split("`")[1], shell=True, check=True, env={**environment(), "PYTHONPATH": ""})
    blind.run(*GRID, "seed=3")
