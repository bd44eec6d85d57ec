"""SQLite on a network disk: between machines its locks do not hold, so one at a time may use it."""

import platform
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from perbatch.errors import UserError
from perbatch.tracking.stale import HOST_TAG, LOCK_TAG, held

NETWORK = re.compile(
    "nfs4?|cifs|smb[23]|smbfs|afpfs|webdav|afs|ocfs2|gfs2|lustre|gpfs|beegfs|ceph|panfs|"
    r"fuse\.(sshfs|rclone|s3fs|juicefs|glusterfs|ceph|cvmfs2|lustre)"
)
"""Types of file systems that several machines may share."""

RUNNING = """
SELECT run.run_uuid, host.value, lock.value FROM runs run
JOIN tags host ON host.run_uuid = run.run_uuid AND host.key = ?
JOIN tags lock ON lock.run_uuid = run.run_uuid AND lock.key = ?
WHERE run.status = 'RUNNING' AND run.lifecycle_stage = 'active'
"""


class Mount(NamedTuple):
    """Where a file system is mounted, its type, and the options of the mount, with commas."""

    mountpoint: str
    fstype: str
    opts: str


class Running(NamedTuple):
    """A run that the store says is RUNNING, its host, and the file that it holds a lock on."""

    run_id: str
    host: str
    lock: Path


def check(database: Path) -> None:
    """Raise a UserError where another machine is at work on the database, over a network disk."""
    mount = mount_of(database.resolve(), _mounts())
    if not is_network(mount) or not database.is_file():
        return
    for run in others(_running(database), platform.node(), shares_locks(mount)):
        end = f"MLFLOW_TRACKING_URI=sqlite:///{database} mlflow runs delete --run-id {run.run_id}"
        raise UserError(
            f"{database} is SQLite on a network disk ({mount.fstype}), which is for one machine at a time, "
            f"and {run.host} is at work on it: wait for its end, or take a server (tracking=server); if "
            f"{run.host} is dead, `{end}` ends its run"
        )


def mount_of(path: Path, mounts: Sequence[Mount]) -> Mount:
    """Return the mount that an absolute path lies on; of two on one folder the later hides the earlier."""
    depth = 0, Mount("/", "", "")
    for mount in mounts:
        parts = len(Path(mount.mountpoint).parts)
        if path.is_relative_to(mount.mountpoint) and parts >= depth[0]:
            depth = parts, mount
    return depth[1]


def is_network(mount: Mount) -> bool:
    """Return whether other machines may see the same files."""
    return NETWORK.fullmatch(mount.fstype.lower()) is not None


def shares_locks(mount: Mount) -> bool:
    """Return whether a lock that another machine holds is seen here: of NFS it is known."""
    local = {"nolock", "local_lock=all", "local_lock=flock"}
    return mount.fstype in ("nfs", "nfs4") and local.isdisjoint(mount.opts.split(","))


def others(running: Iterable[Running], host: str, shares_locks: bool) -> Iterator[Running]:
    """Give the runs that another host is at work on. A lock that is free tells, if shared, that it died."""
    for run in running:
        if run.host != host and (held(run.lock) or not shares_locks):
            yield run


def _running(database: Path) -> list[Running]:
    """Read the database without MLflow, whose import takes seconds."""
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
            rows = connection.execute(RUNNING, (HOST_TAG, LOCK_TAG)).fetchall()
    except sqlite3.Error:  # not yet a store, or a broken one, which others say
        return []
    return [Running(run_id, host, Path(lock)) for run_id, host, lock in rows]


def _mounts() -> list[Mount]:
    import psutil  # type: ignore[import-untyped]

    return [Mount(each.mountpoint, each.fstype, each.opts) for each in psutil.disk_partitions(all=True)]
