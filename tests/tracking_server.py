"""A server of the tests' own: started, killed, started again, and asked what it has."""

import json
import os
import shlex
import signal
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import requests

SCRIPT = Path(__file__).resolve().parents[1] / "deploy" / "server.py"


@dataclass
class Server:
    """The server of one folder and port: started, killed and started again."""

    folder: Path
    port: int
    process: subprocess.Popen[str] = field(init=False)

    def start(self) -> None:
        """Start PostgreSQL and MLflow, and wait until it says how to use them."""
        self.process = subprocess.Popen(
            [sys.executable, str(SCRIPT), str(self.folder), "--port", str(self.port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        assert "MLflow serves" in said, said + self.process.stdout.read()

    def kill(self) -> None:
        """Kill MLflow at once, as a crash does; PostgreSQL is stopped after it."""
        for child in psutil.Process(self.process.pid).children():
            if child.is_running() and "mlflow" in " ".join(child.cmdline()):
                with suppress(ProcessLookupError):
                    os.killpg(child.pid, 9)
        self.process.communicate(timeout=60)

    def kill_database(self) -> None:
        """Crash PostgreSQL; MLflow lives on without it."""
        postmaster = psutil.Process(int((self._database / "postmaster.pid").read_text().split()[0]))
        postmaster.send_signal(signal.SIGQUIT)
        psutil.wait_procs([postmaster])

    def start_database(self) -> None:
        """Start PostgreSQL again as it was started; it is ended with the server."""
        postgres, *options = shlex.split((self._database / "postmaster.opts").read_text())
        control = [str(Path(postgres).with_name("pg_ctl")), "-D", str(self._database), "-w", "start"]
        log = ["-l", str(self._database / "log"), "-o", shlex.join(options)]
        subprocess.run(
            control + log, user=self._database.owner(), cwd="/", check=True, stdout=subprocess.DEVNULL
        )

    @property
    def _database(self) -> Path:
        return self.folder / "postgres"

    def stop(self) -> None:
        """End both in order."""
        self.process.terminate()
        self.process.communicate(timeout=60)

    @property
    def password(self) -> str:
        """The password of its one user."""
        return (self.folder / "password").read_text()

    @property
    def environment(self) -> dict[str, str]:
        """What a sweep that logs to it finds in its environment."""
        return {
            "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{self.port}",
            "MLFLOW_TRACKING_USERNAME": "admin",
            "MLFLOW_TRACKING_PASSWORD": self.password,
        }

    def add_user(self, name: str) -> dict[str, str]:
        """Add a user, who may read what others made; give what the user's environment holds."""
        login = {"username": name, "password": "twelve-letters"}
        requests.post(
            f"http://127.0.0.1:{self.port}/api/2.0/mlflow/users/create",
            json=login,
            auth=("admin", self.password),
        ).raise_for_status()
        return {f"MLFLOW_TRACKING_{key.upper()}": value for key, value in login.items()}

    @property
    def log(self) -> list[str]:
        """The lines of its log, one for each request among them."""
        return (self.folder / "server.log").read_text().splitlines()

    def runs(self, kind: str = "run") -> list[dict]:
        """All that the server knows of the runs, or of the sweeps."""
        return self.search(f"tags.`perbatch.kind` = '{kind}'")

    def search(self, query: str) -> list[dict]:
        """All that the server knows of the runs that a filter of MLflow's finds."""
        program = (
            "import json, sys; from mlflow import MlflowClient; client = MlflowClient()\n"
            "ids = [each.experiment_id for each in client.search_experiments()]\n"
            "runs = client.search_runs(ids, sys.argv[1], max_results=5000)\n"
            "print(json.dumps([run.to_dictionary() for run in runs]))"
        )
        answer = subprocess.run(
            [sys.executable, "-c", program, query],
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            check=True,
        )
        return json.loads(answer.stdout)

    def tags(self, experiment: str) -> dict[str, str]:
        """The tags of an experiment, by its name."""
        answer = requests.get(
            f"http://127.0.0.1:{self.port}/api/2.0/mlflow/experiments/get-by-name",
            params={"experiment_name": experiment},
            auth=("admin", self.password),
        )
        return {tag["key"]: tag["value"] for tag in answer.json()["experiment"]["tags"]}

    def statuses(self) -> Counter[tuple[str, str]]:
        """How many runs each identity has with each status."""
        return Counter(
            (run["data"]["tags"]["perbatch.identity"], run["info"]["status"]) for run in self.runs()
        )
