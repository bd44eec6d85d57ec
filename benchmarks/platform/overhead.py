"""`make benchmark-platform`: what a run costs beside its training, into benchmarks/platform/platform.md.

Real commands in a temporary root; ratios are of measurements of one call. Seconds depend on the machine.
`python benchmarks/platform/overhead.py new_runs` measures that row alone and keeps the others.
"""

import argparse
import json
import os
import platform
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil

from evaluation import evaluated_runs

ROOT = Path(__file__).resolve().parents[2]
TRAIN = ROOT / "pipelines" / "train.py"
PAGE = Path(__file__).with_name("platform.md")
# a run with next to no training, and some fifty evaluations
TINY = ["epochs=2", "batch_size=full", "model.hidden=[4]", "evaluation.factor=1.11", "learning_rate=0.1"]
HALF_A_SECOND = ["batch_size=1", "epochs=45", "learning_rate=0.01", "evaluation.factor=2", "engine=numpy"]


class Measured(NamedTuple):
    """What a command used: wall and CPU seconds, and its first process's peak memory in MB."""

    wall: float
    cpu: float
    memory: float


class Machine:
    """Calls commands in a root of their own and measures them."""

    def __init__(self, root: Path) -> None:
        """`root` is where runs and store go."""
        self.root = root
        self.environment = {**os.environ, "DVC_ROOT": str(root), "MLFLOW_DISABLE_TELEMETRY": "true"}
        self.environment.pop("MLFLOW_TRACKING_URI", None)
        self.said = ""

    def call(self, *command: object, cwd: Path = ROOT) -> Measured:
        """Run a Python script to its end; what it says is in `said`."""
        before, start, peak = _cpu(), time.perf_counter(), [0.0]
        process = subprocess.Popen(
            [sys.executable, *map(str, command)],
            cwd=cwd,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        watcher = threading.Thread(target=_watch, args=(process.pid, peak), daemon=True)
        watcher.start()
        self.said, errors = process.communicate()
        if process.returncode:
            sys.exit(f"{command} ended with {process.returncode}:\n{errors}")
        return Measured(time.perf_counter() - start, _cpu() - before, peak[0])

    def sweep(self, *overrides: str) -> Measured:
        """Measure one of our sweeps."""
        return self.call(TRAIN, "-m", *overrides)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _watch(pid: int, peak: list[float]) -> None:
    try:
        process = psutil.Process(pid)
        while True:
            peak[0] = max(peak[0], process.memory_info().rss / 1e6)
            time.sleep(0.2)
    except psutil.Error:
        return


def new_runs(machine: Machine) -> list[str]:
    """CPU of the default grid's runs, one of each kind, beside plain Hydra and MLflow that log as much.

    The difference between a long and a short sweep, so that starting costs nothing; less the training loops.
    """
    kinds = ["sweep=pipeline", "learning_rate=0.1", "sweep.results=null", "hydra/launcher=basic"]
    machine.sweep(*kinds, "seed=0", "epochs=1")  # the store is made, the code compiled

    def spent(*seeds: str) -> tuple[float, float, int]:
        known = set(machine.root.glob("runs/*/timings.json"))
        cpu = machine.sweep(*kinds, *seeds).cpu
        made = [path for path in machine.root.glob("runs/*/timings.json") if path not in known]
        return cpu, sum(json.loads(path.read_text())["training_seconds"] for path in made), len(made)

    short, long = spent("seed=100"), spent("seed=range(200,204)")
    cpu, training, runs = (after - before for before, after in zip(short, long, strict=True))
    ours = (cpu - training) / runs
    rows = [
        f"| a run of the default grid, all but its training loop, CPU | {ours * 1e3:.0f} ms | "
        f"{runs} runs of {short[2]} kinds; training {training / runs * 1e3:.0f} ms | |"
    ]
    for launcher in ("basic", "joblib"):
        theirs = _plain(machine, launcher)
        rows.append(
            f"| plain Hydra and MLflow, launcher {launcher}, as many curves and points, CPU | "
            f"{theirs * 1e3:.0f} ms | {ours / theirs:.2f} of it is ours | 0.25 |"
        )
    return [*rows, *_shares(machine, kinds)]


def _plain(machine: Machine, launcher: str, count: int = 20) -> float:
    """CPU of a run of plain.py, as a difference of two sweeps."""
    options = ["-m", f"store=sqlite:///{machine.root}/{launcher}.db", f"hydra/launcher={launcher}"]
    options.append(f"hydra.sweep.dir={machine.root}/{launcher}")

    def spent(seeds: str) -> float:
        script = Path(__file__).with_name("plain.py")
        return machine.call(script, *options, f"seed={seeds}", cwd=machine.root).cpu

    spent("0")  # the store is made: MLflow's own first users, two at once, would break it
    return (spent(f"range(100,{103 + count})") - spent("range(10,13)")) / count


def _shares(machine: Machine, kinds: list[str]) -> list[str]:
    """Where the CPU time of those runs goes."""
    machine.call(Path(__file__).with_name("shares.py"), "-m", *kinds, "seed=range(300,302)")
    seconds: dict[str, float] = json.loads(machine.said.strip().splitlines()[-1])
    total = sum(seconds.values())
    parts = sorted(seconds.items(), key=lambda part: -part[1])
    text = ", ".join(f"{name} {100 * used / total:.0f} %" for name, used in parts)
    return [f"| where the CPU of a run goes | {text} | | |"]


def reused_runs(machine: Machine, count: int = 10_000) -> list[str]:
    """Wall time of a sweep whose runs are all complete, and of its tables; the folders are planted copies."""
    sys.path.insert(0, str(ROOT / "src"))
    os.environ["DVC_ROOT"] = str(machine.root)
    from hydra import initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra
    from hydra.types import RunMode

    from perbatch.runs.folder import RunFolder
    from perbatch.sweep import grid, plan, task  # noqa: F401  (registers schema and resolvers)
    from perbatch.sweep.compose import CachingLoader

    rates = ",".join(f"{rate / 100:g}" for rate in range(1, 11))
    axes = ["batch_size=range(1,11)", f"learning_rate={rates}", f"seed=range(0,{count // 100})"]
    overrides = [each for each in TINY if each.split("=")[0] not in ("batch_size", "learning_rate")] + axes
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        loader = CachingLoader(GlobalHydra.instance().config_loader())
        master = loader.load_configuration("config", [], RunMode.MULTIRUN)
        runs = plan.extend(plan.Plan(), grid.expand({}, overrides, loader), loader, master).runs
    machine.sweep(*runs[0].overrides, "hydra/launcher=basic")
    source = RunFolder(runs[0].folder.path)
    stores = source.path.joinpath("logged.json").read_bytes()
    parts = source.config(), source.history(), source.theta(), source.timings(), source.row()
    os.fsync = lambda _: None  # planting needs no safety, and would take minutes
    for run in runs[1:]:
        with run.folder.lock():
            run.folder.write(*parts[:4], {**parts[4], "identity": run.identity})
            run.folder.path.joinpath("logged.json").write_bytes(stores)
    alone = machine.sweep(*overrides)
    tables = machine.sweep(*overrides, f"sweep.results={machine.root}/tables")
    return [
        f"| {count:,} reused runs, planning and start-up included | {alone.wall:.1f} s | "
        f"{alone.wall / count * 1e3:.2f} ms each, {alone.memory:.0f} MB | 10 s, 500 MB |",
        f"| {count:,} reused runs: their tables, rebuilt | {tables.wall - alone.wall:.1f} s | | 30 s |",
    ]


def workers(machine: Machine, count: int = 80) -> list[str]:
    """How much faster two workers are than one, by a sweep's later half, when start-up is over."""

    def rate(jobs: int, first: int) -> float:
        seeds = f"seed=range({first},{first + count})"
        before = time.time()
        machine.sweep(*HALF_A_SECOND, seeds, f"hydra.launcher.n_jobs={jobs}")
        ended = sorted(path.stat().st_mtime for path in (machine.root / "runs").glob("*/run.json"))
        mine = [stamp for stamp in ended if stamp > before]
        return (count / 2 - 1) / (mine[-1] - mine[count // 2])

    one, two = rate(1, 50_000), rate(2, 60_000)
    return [f"| two workers against one, runs of half a second | {two / one:.2f} | | 1.7 |"]


def nothing_to_do(_: Machine) -> list[str]:
    """`dvc repro` where nothing changed."""
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "dvc", "repro"], cwd=ROOT, check=True, capture_output=True)
        seconds.append(time.perf_counter() - start)
    return [f"| `dvc repro`, nothing changed | {np.median(seconds):.1f} s | | 3 s |"]


def processor() -> str:
    """Name the processor and how busy the machine was."""
    path = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.*)", path.read_text()) if path.is_file() else None
    return f"{found[1] if found else platform.processor()}, {os.cpu_count()} cores"


MEASURES = {each.__name__: each for each in (new_runs, workers, reused_runs, nothing_to_do, evaluated_runs)}


def main() -> None:
    """Measure, and write the page; rows of what is not measured stay."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("measures", nargs="*", default=list(MEASURES), help=", ".join(MEASURES))
    asked = parser.parse_args().measures
    kept = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")][2:]
    kept = kept if len(asked) < len(MEASURES) else []
    for name in asked:
        load = os.getloadavg()[0]
        with tempfile.TemporaryDirectory() as root:
            rows = [f"{row} {date.today()}, {load:.1f} |" for row in MEASURES[name](Machine(Path(root)))]
        labels = {_label(row) for row in rows}
        kept = [row for row in kept if _label(row) not in labels] + rows
    head = ["# What the platform costs", "", f"{processor()}. Written by `make benchmark-platform`."]
    head += ["How it grows over 10,000 new runs: [scale.md](scale.md)."]
    table = ["", "| what | measured | | goal | date, load before |", "| --- | --- | --- | --- | --- |"]
    PAGE.write_text("\n".join([*head, *table, *kept, ""]), encoding="utf-8")
    sys.stdout.write(PAGE.read_text(encoding="utf-8"))


def _label(row: str) -> str:
    return row.split("|")[1].strip()


if __name__ == "__main__":
    main()
