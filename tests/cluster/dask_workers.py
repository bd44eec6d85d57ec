"""A Dask cluster on loopback whose workers have checkouts and run folders of their own, as machines do."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from slurm_nodes import free_ports

DASK = str(Path(sys.executable).with_name("dask"))


@dataclass
class Dask:
    """The scheduler and its workers."""

    folder: Path
    port: int = field(default_factory=lambda: free_ports(1)[0])
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Where the scheduler listens."""
        return f"tcp://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the scheduler, which has none of this code."""
        options = ("--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard")
        self._run("scheduler", *options, environment={"PYTHONPATH": str(hidden(self.folder))})

    def add(self, name: str, checkout: Path | None, threads: int = 1) -> Path:
        """Start a worker with a checkout's code (None: none), wait until it is there, and return its root."""
        root = self.folder / name
        root.mkdir()
        options = ("--nthreads", str(threads), "--nworkers", "1", "--no-dashboard", "--name", name)
        code = {"PYTHONPATH": str(checkout / "src" if checkout else hidden(root)), "DVC_ROOT": str(root)}
        self._run("worker", self.address, "--host", "127.0.0.1", *options, name=name, environment=code)
        end = time.monotonic() + 60
        while "Registered to" not in self.said(name):
            assert time.monotonic() < end, self.said(name)
            time.sleep(0.3)
        return root

    def said(self, name: str) -> str:
        """What a worker printed."""
        return (self.folder / f"{name}.out").read_text()

    def stop(self, *names: str) -> None:
        """End the workers of these names, or all of it.

        A worker that is stopped while Dask starts it again, after its process was killed, waits for ever:
        it is killed with what it started, as a service manager would.
        """
        for name in names or reversed(list(self.processes)):
            self.processes[name].terminate()
        for name in names or list(self.processes):
            process = self.processes.pop(name)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def _run(self, *arguments: str, name: str = "", environment: Mapping[str, str] | None = None) -> None:
        with (self.folder / f"{name or arguments[0]}.out").open("wb") as out:
            self.processes[name or arguments[0]] = subprocess.Popen(
                [DASK, *arguments],
                cwd=self.folder,
                env={**os.environ, **(environment or {})},
                stdout=out,
                stderr=out,
                start_new_session=True,
            )


def hidden(root: Path) -> Path:
    """A folder that hides an installed perbatch from Python."""
    (root / "sitecustomize.py").write_text("import sys\nsys.modules['perbatch'] = None\n")
    return root
