"""A SLURM of two nodes on this machine, from Debian's packages, without systemd and without accounting."""

import getpass
import os
import platform
import secrets
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

PROGRAMS = ("slurmctld", "slurmd", "munged", "sbatch", "squeue")
CONFIG = """ClusterName=perbatch
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=10
CryptoType=crypto/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
SlurmdTimeout=20
KillWait=2
MessageTimeout=30
MaxArraySize=101
SchedulerParameters=sched_interval=1,batch_sched_delay=0
NodeName=one NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=1 RealMemory=1000
NodeName=two NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=1 RealMemory=1000
PartitionName=short Nodes=one,two Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
"""


def installed() -> bool:
    """Whether all of SLURM's programs are here."""
    return all(program(name) is not None for name in PROGRAMS)


def program(name: str) -> str | None:
    """The path of a program, which may be in root's part of PATH."""
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")


@dataclass
class Slurm:
    """The processes of one SLURM, their files in a folder of their own."""

    folder: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """By which SLURM's commands find this SLURM."""
        return {"SLURM_CONF": str(self.folder / "slurm.conf")}

    def start(self) -> None:
        """Start all, and wait until both nodes take jobs."""
        (self.folder / "state").mkdir()
        key = self.folder / "munge.key"
        key.touch(mode=0o600)
        key.write_bytes(secrets.token_bytes(128))
        (self.folder / "slurm.conf").write_text(
            CONFIG.format(
                host=platform.node(), user=getpass.getuser(), folder=self.folder, ports=free_ports(3)
            )
        )
        munge = {"key-file": key, "socket": self.folder / "munge.socket"}
        munge |= {f"{name}-file": self.folder / f"munge.{name}" for name in ("pid", "log", "seed")}
        self.run("munged", "--foreground", "--force", *(f"--{name}={path}" for name, path in munge.items()))
        wait(lambda: (self.folder / "munge.socket").exists())
        self.run("slurmctld", "-D", "-c")
        for node in ("one", "two"):
            self.start_node(node)
        self.wait_for_nodes()

    def wait_for_nodes(self) -> None:
        """Wait until both nodes take jobs."""
        wait(lambda: self.ask("sinfo", "-h", "-N", "-o", "%T").split() == ["idle", "idle"])

    def kill_node(self, node: str) -> None:
        """Kill the node's daemon, its job, and what watches that, as if its power failed."""
        self.processes[node].kill()
        self.processes.pop(node).wait()
        (job,) = self.ask("squeue", "-h", "-w", node, "-o", "%A").split()
        steps = [each for each in psutil.process_iter(["cmdline"]) if is_step(each, job)]
        assert steps
        for step in steps:
            for process in (*step.children(recursive=True), step):
                process.kill()

    def start_node(self, node: str) -> None:
        """Start one node's daemon."""
        (self.folder / f"spool-{node}").mkdir(exist_ok=True)
        self.run("slurmd", "-D", "-N", node, name=node)

    def run(self, command: str, *arguments: str, name: str = "") -> None:
        """Start one of SLURM's programs in the background."""
        path = program(command)
        assert path is not None
        with (self.folder / f"{name or command}.out").open("ab") as out:
            self.processes[name or command] = subprocess.Popen(
                [path, *arguments], env=os.environ | self.environment, stdout=out, stderr=out
            )

    def ask(self, *command: str) -> str:
        """What one of SLURM's commands says."""
        return subprocess.run(
            command, env=os.environ | self.environment, capture_output=True, text=True, check=False
        ).stdout

    def stop(self) -> None:
        """End all of it, jobs first."""
        self.ask("scancel", "--me", "--signal=KILL", "--full")
        self.ask("scancel", "--me")
        for process in reversed(self.processes.values()):
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


def is_step(process: psutil.Process, job: str) -> bool:
    """Whether the process is one by which SLURM watches a job: it shows the id in place of arguments."""
    return " ".join(process.info["cmdline"] or ()).startswith(f"slurmstepd: [{job}.")


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def wait(condition, seconds: float = 60) -> None:  # type: ignore[no-untyped-def]
    """Wait until the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "SLURM did not start"
        time.sleep(0.3)
