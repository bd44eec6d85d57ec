"""Kill a sweep of 200 runs at 20 random moments, each time start it again, and count what went wrong.

python benchmarks/soak.py [SEED]. It works in a temporary folder, on the prepared data of the checkout. Every
second sweep has two workers of joblib, and sometimes only one process is killed instead of all of them.
"""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
KILLS = 20
RUNS = 200
GRID = ("batch_size=8,16,32,full", "learning_rate=0.1,0.3", "seed=range(0,25)", "epochs=10")
LAUNCHERS = (("hydra/launcher=basic",), ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2"))
LONGEST = 12.0
"""Seconds after which a sweep is killed at the latest; the first three or so go to start-up."""


def main() -> None:
    """Print what happened, and end with 1 where a run was lost, trained twice or left RUNNING."""
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else random.SystemRandom().randrange(10**6)
    print(f"seed {seed}", flush=True)
    draw = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        lost, twice, kills, start = soak(root, draw)
        counts = {"lost": lost, "trained twice": twice, "RUNNING": running(root)}
        counts["missing"] = RUNS - len(stamps(root))
        counts["logged twice or not at all"] = sum(count != 1 for count in logged(root).values())
        counts["logged twice or not at all"] += RUNS - len(logged(root))
    seconds = time.monotonic() - start
    print(
        f"{kills} kills over {RUNS} runs in {seconds:.0f} s: "
        + ", ".join(f"{n} {k}" for k, n in counts.items())
    )
    sys.exit(any(counts.values()))


def soak(root: Path, draw: random.Random) -> tuple[int, int, int, float]:
    """Kill and start again, then let it end; return runs lost, runs trained twice, kills and the start."""
    start, lost, twice, kills = time.monotonic(), 0, 0, 0
    seen: dict[str, int] = {}
    while kills < KILLS:
        process = sweep(root, LAUNCHERS[kills % 2])
        # Early kills hit the planning and the store, those before the end the rest.
        time.sleep(draw.uniform(0.2, LONGEST))
        if process.poll() is None:
            kills += 1
            print(f"{kills:2d}: {kill(process, draw)}, {len(stamps(root))} runs complete", flush=True)
        now = stamps(root)
        lost += len(seen.keys() - now.keys())
        twice += sum(now.get(identity, stamp) != stamp for identity, stamp in seen.items())
        seen = now
        if len(now) == RUNS:
            break
    end = sweep(root, LAUNCHERS[0])
    print(f"then undisturbed: exit code {end.wait()}", flush=True)
    now = stamps(root)
    lost += len(seen.keys() - now.keys())
    twice += sum(now.get(identity, stamp) != stamp for identity, stamp in seen.items())
    return lost, twice, kills, start


def sweep(root: Path, launcher: tuple[str, ...]) -> subprocess.Popen[bytes]:
    """Start the sweep in a process group of its own."""
    environment = {key: value for key, value in os.environ.items() if key != "MLFLOW_TRACKING_URI"}
    return subprocess.Popen(
        [sys.executable, str(ROOT / "pipelines" / "train.py"), "-m", *GRID, *launcher],
        env=environment | {"DVC_ROOT": str(root)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def kill(process: subprocess.Popen[bytes], draw: random.Random) -> str:
    """Kill the sweep in one of three ways and wait for its end; return what was killed."""
    way = draw.choice(("all of its processes", "its driver alone", "interrupted"))
    if way == "interrupted":
        os.killpg(process.pid, signal.SIGINT)
        process.wait()
        return way
    workers = psutil.Process(process.pid).children(recursive=True)
    if way == "its driver alone":
        process.kill()
        psutil.wait_procs(workers, timeout=draw.uniform(0, 3))  # the next sweep may meet its workers
        process.wait()
        return way
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return way


def stamps(root: Path) -> dict[str, int]:
    """When each complete run was written, by its identity."""
    return {path.parent.name: path.stat().st_mtime_ns for path in root.glob("runs/*/run.json")}


def running(root: Path) -> int:
    """How many runs of MLflow are RUNNING."""
    return len(_query(root, "SELECT run_uuid FROM runs WHERE status = 'RUNNING'"))


def logged(root: Path) -> Counter[str]:
    """How many FINISHED runs of MLflow each identity has."""
    query = "SELECT value FROM runs JOIN tags USING (run_uuid) WHERE key = 'perbatch.identity'"
    return Counter(identity for (identity,) in _query(root, f"{query} AND status = 'FINISHED'"))


def _query(root: Path, query: str) -> list[tuple[str]]:
    with closing(sqlite3.connect(root / "mlflow.db")) as connection:
        return connection.execute(query).fetchall()


if __name__ == "__main__":
    main()
