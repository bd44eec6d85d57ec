"""SQLite on a network disk: between machines its locks do not hold, so one at a time may use it."""

import platform
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from perbatch import advice
from perbatch.errors import UserError
from perbatch.tracking.stale import Running, held, read_running

NETWORK = re.compile(
    "nfs4?|cifs|smb[23]|smbfs|afpfs|webdav|afs|ocfs2|gfs2|lustre|gpfs|beegfs|ceph|panfs|"
    r"fuse\.(sshfs|rclone|s3fs|juicefs|glusterfs|ceph|cvmfs2|lustre)"
)
"""Types of file systems that several machines may share."""


class Mount(NamedTuple):
    """Where a file system is mounted, its type, and the options of the mount, with commas."""

    mountpoint: str
    fstype: str
    opts: str


def check(database: Path) -> None:
    """Raise a UserError where another machine is at work on the database, over a network disk."""
    mount = mount_of(database.resolve(), _mounts())
    if not is_network(mount) or not database.is_file():
        return
    for run in others(read_running(database), platform.node(), shares_locks(mount)):
        end = advice.end_run(f"sqlite:///{database}", run.run_id)
        raise UserError(
            f"{database} is SQLite on a network disk ({mount.fstype}), which is for one machine at a time, "
            f"and {run.host} is at work on it: wait for its end, or take a server ({advice.SERVER}); if "
            f"{run.host} is dead, `{end}` ends its run"
        )


def mount_of(path: Path, mounts: Sequence[Mount]) -> Mount:
    """Return the mount that an absolute path lies on; of two on one folder the later hides the earlier."""
    above = [mount for mount in reversed(mounts) if path.is_relative_to(mount.mountpoint)]
    return max(above, key=lambda mount: len(Path(mount.mountpoint).parts), default=Mount("/", "", ""))


def is_network(mount: Mount) -> bool:
    """Return whether other machines may see the same files."""
    return NETWORK.fullmatch(mount.fstype.lower()) is not None


def shares_locks(mount: Mount) -> bool:
    """Return whether a lock that another machine holds is seen here: of NFS it is known."""
    local = {"nolock", "local_lock=all", "local_lock=flock"}
    return mount.fstype in ("nfs", "nfs4") and local.isdisjoint(mount.opts.split(","))


def locks_are_seen(path: Path) -> bool:
    """Return whether a lock on an absolute path is seen here whichever machine holds it."""
    mount = mount_of(path.resolve(), _mounts())
    return not is_network(mount) or shares_locks(mount)


def others(running: Iterable[Running], host: str, shares_locks: bool) -> list[Running]:
    """Return the runs that another host is at work on. A lock that is free tells, if shared, that it died."""
    return [run for run in running if run.host != host and (held(run.lock) or not shares_locks)]


def _mounts() -> list[Mount]:
    import psutil  # type: ignore[import-untyped]

    return [Mount(each.mountpoint, each.fstype, each.opts) for each in psutil.disk_partitions(all=True)]
