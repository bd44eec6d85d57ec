"""Sweeps as processes of their own, over a copy of the checkout, to be stopped and killed for real."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BASIC = "hydra/launcher=basic"
JOBLIB = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
GRID = ("batch_size=8,full", "learning_rate=0.1", "seed=0,1,2", "epochs=15")
SECONDS = 300  # no process of these tests may take longer, on a busy machine either
Process = subprocess.Popen[str]


def copy_checkout(folder: Path, prepared: Path) -> Path:
    """Copy what a sweep needs of the checkout; its data are those in `prepared`."""
    for name in ("src", "conf", "pipelines"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "params.yaml", folder)
    shutil.copytree(prepared, folder / "data" / "prepared")
    return folder


@dataclass
class Place:
    """A root where the runs and the store of some sweeps go."""

    root: Path
    checkout: Path
    engine: str = "numpy"  # slow enough to be met at its work
    environment: Mapping[str, str] = field(default_factory=dict)  # a server's address, user and password

    def start(
        self, *arguments: str, cwd: Path | None = None, python: tuple[str, ...] = (), many: bool = True
    ) -> Process:
        """Start a sweep, or one run if not `many`, in a process group of its own, as a terminal does."""
        self.root.mkdir(parents=True, exist_ok=True)
        answer_to_ctrl_c()
        # Two names for one thing would be confusing: what the test's own shell has set does not count.
        inherited = {key: value for key, value in os.environ.items() if key != "MLFLOW_TRACKING_URI"}
        script = str(self.checkout / "pipelines" / "train.py")
        own = (f"engine={self.engine}", f"sweep.results={self.root}/tables")
        return subprocess.Popen(
            [sys.executable, *python, script, *(["-m"] if many else []), *arguments, *own],
            cwd=cwd or self.root,
            env={**inherited, **self.environment, "DVC_ROOT": str(self.root)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(
        self, *arguments: str, status: int = 0, cwd: Path | None = None, python: tuple[str, ...] = ()
    ) -> str:
        """Run a sweep to its end and return what it said."""
        return self.end(self.start(*arguments, cwd=cwd, python=python), status)

    def end(self, process: Process, status: int = 0) -> str:
        """Wait for a sweep's end and return what it said."""
        try:
            said, _ = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            kill(process)
            raise
        assert process.returncode == status, f"ended with {process.returncode}:\n{said}"
        return said

    def stamps(self) -> dict[str, int]:
        """When each complete run was written, by its identity."""
        return {path.parent.name: path.stat().st_mtime_ns for path in self.root.glob("runs/*/run.json")}

    def tables(self) -> dict[str, bytes]:
        """The sweep's tables, by their names."""
        return {path.name: path.read_bytes() for path in (self.root / "tables").iterdir()}

    def query(self, query: str) -> list[tuple]:
        """Read the embedded store; nothing where it does not exist or is not complete yet."""
        path = self.root / "mlflow.db"
        if not path.is_file():
            return []
        try:
            with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
                return connection.execute(query).fetchall()
        except sqlite3.OperationalError:
            return []

    def statuses(self, kind: str = "run") -> Counter[str]:
        """How many runs of MLflow have which status; `kind` is run or sweep."""
        return Counter(
            status
            for (status,) in self.query(
                "SELECT status FROM runs JOIN tags USING (run_uuid) "
                f"WHERE key = 'perbatch.kind' AND value = '{kind}'"
            )
        )

    def logged(self) -> Counter[str]:
        """How many FINISHED runs of MLflow each identity has."""
        query = "SELECT value FROM runs JOIN tags USING (run_uuid) WHERE key = 'perbatch.identity'"
        return Counter(identity for (identity,) in self.query(f"{query} AND status = 'FINISHED'"))

    def folders(self, present: str, *absent: str) -> list[Path]:
        """The run folders that have one file and lack others."""
        found = [path.parent for path in self.root.glob(f"runs/*/{present}")]
        return [folder for folder in found if not any((folder / name).exists() for name in absent)]

    def phase(self) -> str:
        """What a sweep that was killed was doing, by what is on disk."""
        if not (self.root / "mlflow.db").exists():
            return "store creation" if list(self.root.glob("mlflow.db.unfinished*")) else "planning"
        if self.folders("config.json", "run.json"):
            return "writing a folder"
        if self.folders("run.json", "logged.json"):
            return "logging"
        return "training" if self.folders(".started", "run.json") else "between"


def answer_to_ctrl_c() -> None:
    """Let processes started from now on get Ctrl-C, which a shell's background jobs ignore."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def kill(process: Process) -> None:
    """Kill a whole process group, and wait until it is gone."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def wait_for(condition: Callable[[], object], process: Process, pause: float = 0.02) -> None:
    """Wait until the condition holds, which must be before the process ends."""
    end = time.monotonic() + SECONDS
    while not condition():
        if process.poll() is not None:
            raise AssertionError(f"it ended too early:\n{process.communicate()[0]}")
        assert time.monotonic() < end, "it took too long"
        time.sleep(pause)
