"""SQLite on a network disk: which disks are, and who is at work there."""

from pathlib import Path

import pytest
from filelock import FileLock

from perbatch.tracking.mounts import Mount, is_network, mount_of, others, shares_locks
from perbatch.tracking.stale import Running

NFS = Mount("/home", "nfs4", "rw,relatime,vers=4.2,hard,proto=tcp,local_lock=none,addr=10.0.0.2")
MOUNTS = [
    Mount("/", "ext4", "rw"),
    NFS,
    Mount("/home/me/local", "xfs", "rw"),
    Mount("/mnt", "ext4", "rw"),
    Mount("/mnt", "fuse.sshfs", "rw"),
]


@pytest.mark.parametrize(
    ("path", "fstype"),
    [
        ("/var/mlflow.db", "ext4"),
        ("/home/me/mlflow.db", "nfs4"),
        ("/home/me/local/mlflow.db", "xfs"),
        ("/homes/mlflow.db", "ext4"),
        ("/mnt/mlflow.db", "fuse.sshfs"),
    ],
)
def test_the_deepest_and_latest_mount_counts(path: str, fstype: str) -> None:
    assert mount_of(Path(path), MOUNTS).fstype == fstype


def test_a_table_without_a_root_is_no_network() -> None:
    assert not is_network(mount_of(Path("/var/mlflow.db"), []))


@pytest.mark.parametrize(
    "fstype", ["nfs", "nfs4", "cifs", "smb3", "lustre", "gpfs", "fuse.sshfs", "beegfs", "ceph"]
)
def test_file_systems_of_a_network(fstype: str) -> None:
    assert is_network(Mount("/", fstype, "rw"))


@pytest.mark.parametrize("fstype", ["ext4", "xfs", "apfs", "tmpfs", "overlay", "fuse.gocryptfs", "nfsd", ""])
def test_file_systems_of_one_machine(fstype: str) -> None:
    assert not is_network(Mount("/", fstype, "rw"))


def test_locks_reach_other_machines_only_where_the_mount_says_so() -> None:
    assert shares_locks(NFS)
    assert shares_locks(NFS._replace(opts="rw,local_lock=posix"))  # ours are flock
    assert not shares_locks(NFS._replace(opts="rw,local_lock=flock"))
    assert not shares_locks(Mount("/", "nfs", "rw,nolock,vers=3"))
    assert not shares_locks(Mount("/", "lustre", "rw"))


def test_another_host_is_at_work_while_its_lock_is_held_or_cannot_be_seen(tmp_path: Path) -> None:
    lock = tmp_path / "sweep.lock"
    own, other = Running("a", "here", lock), Running("b", "there", lock)
    with FileLock(lock):
        assert others([own, other], "here", shares_locks=True) == [other]
    assert others([own, other], "here", shares_locks=True) == []
    assert others([own, other], "here", shares_locks=False) == [other]
    lock.unlink()
    assert others([other], "here", shares_locks=True) == []
