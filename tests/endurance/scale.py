"""What 10,000 runs cost, in the embedded store and on a server, and what a job costs on each launcher.

`python tests/endurance/scale.py [store] [server] [launchers]` measures on this machine, keeps the rest of
benchmarks/platform/scale.json, and writes scale.md beside it. A sweep takes some 20 minutes, or 60.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "cluster"))
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks" / "platform"))
from scale_page import page

from overhead import PAGE as PLATFORM
from overhead import ROOT, TRAIN, Machine, processor

FIGURES = PLATFORM.with_name("scale.json")
PAGE = FIGURES.with_suffix(".md")
BASIC = "hydra/launcher=basic"
CELLS = 12
# one epoch and some fifty evaluations; the seeds vary slowest, so that every thousand runs are alike
ONE_EPOCH = ["epochs=1", "evaluation.factor=1.1", "batch_size=1,32,full", "learning_rate=0.03,0.1,0.3,1"]
SMALL = 1_000


class Meter(threading.Thread):
    """Follows process trees: CPU seconds so far, and the peak of their memory."""

    def __init__(self, roots: Mapping[str, int]) -> None:
        """`roots` has the process that each tree starts from."""
        super().__init__(daemon=True)
        self._roots = {name: psutil.Process(pid) for name, pid in roots.items()}
        self._cpu: dict[psutil.Process, float] = {}
        self.peaks = dict.fromkeys(roots, 0.0)
        self.trail: list[tuple[float, float]] = []
        self._over = threading.Event()

    def run(self) -> None:
        """Look once a second."""
        while not self._over.wait(1):
            for name, root in self._roots.items():
                memory = sum(map(self._look, _tree(root)))
                self.peaks[name] = max(self.peaks[name], memory / 1e6)
            # What ended keeps what it had used when it was last seen.
            self.trail.append((time.time(), sum(self._cpu.values())))

    def stop(self) -> None:
        """End it."""
        self._over.set()
        self.join()

    def _look(self, process: psutil.Process) -> float:
        try:
            used = process.cpu_times()
            self._cpu[process] = used.user + used.system
            found = process.memory_full_info()
        except psutil.Error:
            return 0.0
        return float(getattr(found, "pss", found.rss))  # shared pages count once


def _tree(root: psutil.Process) -> list[psutil.Process]:
    try:
        return [root, *root.children(recursive=True)]
    except psutil.Error:
        return []


def store(count: int) -> dict[str, Any]:
    """The embedded store."""
    with tempfile.TemporaryDirectory() as folder:
        return _sweep(Machine(Path(folder)), count, [], {})


def server(count: int) -> dict[str, Any]:
    """PostgreSQL and MLflow's server on loopback, as `make server` starts them."""
    from servers import free_port
    from tracking_server import Server

    with tempfile.TemporaryDirectory(prefix="perbatch-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL does not run as root, and must reach its own
        running = Server(Path(folder) / "server", free_port())
        running.start()
        try:
            machine = Machine(Path(folder) / "root")
            machine.root.mkdir()
            machine.environment |= running.environment
            database = running.folder / "postgres"
            postmaster = int((database / "postmaster.pid").read_text().split()[0])
            trees = {"server": running.process.pid, "database": postmaster}
            found = _sweep(machine, count, ["tracking=server"], trees)
            return found | {"store": _size(database), "artifacts": _size(running.folder / "artifacts")}
        finally:
            running.stop()


def _sweep(machine: Machine, count: int, options: list[str], trees: Mapping[str, int]) -> dict[str, Any]:
    load = os.getloadavg()[0]
    grid = [f"seed=range(0,{-(-count // CELLS)})", *ONE_EPOCH, BASIC, *options]
    driver = subprocess.Popen(
        [sys.executable, str(TRAIN), "-m", *grid],
        cwd=ROOT,
        env=machine.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    meter = Meter({"driver": driver.pid, **trees})
    meter.start()
    _, said = driver.communicate()
    meter.stop()
    if driver.returncode or "not logged" in said:
        sys.exit(f"the sweep ended with {driver.returncode}:\n{said}")
    runs = machine.root / "runs"
    stamps = np.array(sorted(path.stat().st_mtime for path in runs.glob("*/run.json")))
    at = np.linspace(0, len(stamps) - 1, 11).round().astype(int)
    cpu = np.interp(stamps, *zip(*meter.trail, strict=True))
    resume = machine.sweep(*grid)
    tables = machine.sweep(*grid, f"sweep.results={machine.root}/all/train")
    few = [f"seed=range(0,{-(-SMALL // CELLS)})", *grid[1:], f"sweep.results={machine.root}/few/train"]
    machine.sweep(*few)
    evaluate = ROOT / "pipelines" / "evaluate.py"
    small, large = (machine.call(evaluate, machine.root / each) for each in ("few", "all"))
    with (machine.root / "all" / "train" / "history.csv").open("rb") as stream:
        table = os.fstat(stream.fileno()).st_size / 1e6
    return {
        "date": str(date.today()),
        "load": [load, os.getloadavg()[0]],
        "runs": len(stamps),
        "few": CELLS * -(-SMALL // CELLS),
        "cpu": list(np.diff(cpu[at]) / np.diff(at)),
        "wall": list(np.diff(stamps[at]) / np.diff(at)),
        "memory": meter.peaks,
        "folders": _size(runs),
        "store": _size(machine.root / "mlflow.db"),
        "artifacts": _size(machine.root / "mlartifacts"),
        "history": table,
        "resume": [resume.wall, resume.cpu, resume.memory],
        "tables": [tables.wall, tables.cpu, tables.memory],
        "evaluate": [large.wall, large.cpu, large.memory],
        "evaluate_few": [small.wall, small.cpu, small.memory],
    }


def _size(place: Path) -> list[float]:
    """Megabytes on disk, and the number of files."""
    files = [place] if place.is_file() else [path for path in place.rglob("*") if path.is_file()]
    return [sum(path.stat().st_blocks for path in files) * 512 / 1e6, len(files)]


def launchers(count: int) -> dict[str, Any]:
    """Seconds of a worker that a job takes beside its runs: one job a run against two jobs in all."""
    runs, load = min(count, 40), os.getloadavg()[0]
    found: dict[str, Any] = {"date": str(date.today())}
    with ExitStack() as stack:
        for name, start in LAUNCHERS.items():
            machine = Machine(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="perbatch-"))))
            options, workers = stack.enter_context(start(machine))
            machine.sweep("seed=9999", *ONE_EPOCH[:2], *options)  # the store is made

            def seconds(first: int, runs_per_job: int, machine=machine, options=options) -> float:
                grid = f"seed=range({first},{first + runs})", f"hydra.sweeper.runs_per_job={runs_per_job}"
                return machine.sweep(*grid, *ONE_EPOCH[:2], *options).wall

            packed, single = seconds(1000, runs // 2), seconds(2000, 1)
            found[name] = {"packed": packed, "single": single}
            found[name]["job"] = (single - packed) * workers / (runs - 2)
    return found | {"runs": runs, "load": [load, os.getloadavg()[0]]}


@contextmanager
def _none(_: Machine) -> Iterator[tuple[list[str], int]]:
    yield [BASIC], 1


@contextmanager
def _joblib(_: Machine) -> Iterator[tuple[list[str], int]]:
    yield ["hydra.launcher.n_jobs=2"], 2


@contextmanager
def _dask(machine: Machine) -> Iterator[tuple[list[str], int]]:
    from dask_workers import Dask

    (folder := machine.root / "dask").mkdir()
    cluster = Dask(folder)
    cluster.start()
    try:
        for name in ("one", "two"):
            cluster.add(name, ROOT)
        yield ["hydra/launcher=dask", f"hydra.launcher.address={cluster.address}"], 2
    finally:
        cluster.stop()


@contextmanager
def _slurm(machine: Machine) -> Iterator[tuple[list[str], int]]:
    from slurm_nodes import Slurm

    with tempfile.TemporaryDirectory(prefix="slurm-") as folder:
        Path(folder).chmod(0o755)
        running = Slurm(Path(folder))
        try:
            running.start()
            machine.environment |= running.environment
            yield ["hydra/launcher=slurm"], 2
        finally:
            running.stop()


LAUNCHERS = {"basic": _none, "joblib": _joblib, "cluster": _dask, "slurm": _slurm}
MEASURES: dict[str, Callable[[int], dict[str, Any]]] = {
    each.__name__: each for each in (store, server, launchers)
}


def main() -> None:
    """Measure what is asked for, and write figures and page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("measures", nargs="*", default=list(MEASURES), help=", ".join(MEASURES))
    parser.add_argument("--count", type=int, default=10_000, help="runs of a sweep")
    given = parser.parse_args()
    figures = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.is_file() else {}
    for name in given.measures:
        figures[name] = MEASURES[name](given.count) | {"processor": processor()}
        FIGURES.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(figures), encoding="utf-8")
    sys.stdout.write(PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
