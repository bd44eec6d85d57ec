"""`make soak`: kill a sweep of 200 runs 20 times, with faults beside, and count the harm.

python tests/endurance/soak.py [SEED]. It works in a temporary folder, on the checkout's prepared data, and
writes benchmarks/platform/soak.md. A kill comes after so many further runs, drawn from the seed, so that the
kills spread over the sweep's whole life.
"""

import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks" / "platform"))
from faults import Faults

from overhead import PAGE as PLATFORM
from overhead import ROOT, processor
from perbatch.errors import STOPPED
from processes import Place, Process, wait_for

PAGE = PLATFORM.with_name("soak.md")
KILLS, RUNS = 20, 200
GRID = ("batch_size=4,8,16,full", "learning_rate=0.1,0.3", "seed=range(0,25)", "epochs=15")
LAUNCHERS = {"basic": "hydra/launcher=basic", "joblib": "hydra.launcher.n_jobs=2"}
WAYS = ("all processes", "driver alone", "Ctrl-C")
PHASES = ("start-up", "training", "writing a folder", "logging")
PARENT = "SELECT run_uuid FROM runs JOIN tags USING (run_uuid) WHERE tags.value = 'sweep'"
MOST = 18
"""Runs that a sweep completes at most before it is killed: some are left for the last sweep."""


FRESH_SECONDS = 0.5
"""Longer than a folder is being written, or a run logged."""


@dataclass
class Leg:
    """One sweep of the soak, which is killed in a way, in a phase, after so many further runs."""

    way: str
    aim: str
    launcher: str
    runs: int
    phase: str = ""
    complete: int = 0
    fault: str = ""

    def line(self) -> str:
        """Give a row of the page's table."""
        return f"| {self.way} | {self.launcher} | {self.phase} | {self.complete} | {self.fault} |"


class Soak:
    """The sweep, over and over, and what is known of its runs."""

    def __init__(self, place: Place, draw: random.Random) -> None:
        """Nothing is started yet."""
        self.place, self.draw = place, draw
        self.seen: dict[str, int] = {}
        self.faults = Faults(place, draw)
        self.lost = self.twice = self.wordless = 0

    def plan(self) -> list[Leg]:
        """Draw the kills: every way and phase about as often."""
        legs = []
        for number in range(KILLS):
            aim, launcher = PHASES[number % len(PHASES)], self.draw.choice(list(LAUNCHERS))
            runs = self.draw.randint(1, MOST) if aim != "start-up" else 0
            legs.append(Leg(WAYS[number % len(WAYS)], aim, launcher, runs))
        self.draw.shuffle(legs)
        return legs

    def kill(self, leg: Leg) -> None:
        """Start the sweep, with a fault now and then, and kill it when its time has come."""
        began, before, delay = time.time(), len(self.seen), self.draw.uniform(0.2, 5)
        fault = leg.runs and self.draw.random() < 0.5 and before < RUNS  # else there is none to harm
        process = start(self.place, leg.launcher)
        if fault:
            wait_for(lambda: self.place.query(f"{PARENT} AND start_time > {began * 1000}"), process)
            wait_for(lambda: len(self.place.stamps()) > before, process)
            leg.fault = self.faults.strike(process)
        if leg.runs:
            wait_for(lambda: len(self.place.stamps()) >= min(before + leg.runs, RUNS - 1), process)
            wait_for(lambda: self.phase(began) == leg.aim or self.done, process, pause=0.0005)
        else:
            time.sleep(delay)
        self.end(leg.way, process)
        leg.phase = self.phase(began)
        self.compare()
        leg.complete = len(self.seen)
        self.faults.end()

    def end(self, way: str, process: Process) -> None:
        """Kill the sweep, and wait for its end."""
        if way == "driver alone":  # its workers may still be at work when the next sweep comes
            process.kill()
            process.wait()
            return
        interrupted = way == "Ctrl-C" and process.poll() is None
        os.killpg(process.pid, signal.SIGINT if way == "Ctrl-C" else signal.SIGKILL)
        said, _ = process.communicate()
        if interrupted and (process.returncode != 130 or "Traceback" in said or STOPPED not in said):
            self.wordless += 1
            print(said)

    def phase(self, began: float) -> str:
        """Say what the sweep is doing, by the folders of the runs that it began."""
        started = self.place.root.glob("runs/*/.started")
        mine = [path.parent for path in started if path.stat().st_mtime > began]
        training = [folder for folder in mine if not (folder / "run.json").exists()]
        if any(fresh(folder / "config.json") for folder in training):
            return "writing a folder"
        complete = [folder for folder in mine if folder not in training]
        if any(fresh(folder / "run.json") and not (folder / "logged.json").exists() for folder in complete):
            return "logging"
        return "training" if training else "between runs" if mine else "start-up"

    @property
    def done(self) -> bool:
        """Whether nearly all runs are complete."""
        return len(self.place.stamps()) >= RUNS - 1

    def compare(self) -> None:
        """Hold the complete runs against those seen before."""
        now = self.place.stamps()
        whole = {key: stamp for key, stamp in self.seen.items() if key not in self.faults.harmed}
        self.lost += len(whole.keys() - now.keys())
        self.twice += sum(now.get(key, stamp) != stamp for key, stamp in whole.items())
        self.seen = now

    def counts(self) -> dict[str, int]:
        """Count what must not be."""
        logged, running = self.place.logged(), self.place.statuses() + self.place.statuses("sweep")
        return {
            "lost": self.lost,
            "trained twice": self.twice,
            "RUNNING": running["RUNNING"],
            "missing": RUNS - len(self.seen),
            "missing in MLflow": len(self.seen.keys() - logged.keys()),
            "logged twice": sum(count > 1 for key, count in logged.items() if key not in self.faults.harmed),
            "stopped without a word": self.wordless,
        }


def fresh(path: Path) -> bool:
    """Tell whether a file was just written: what a worker that died was at work on stays as it was."""
    try:
        return time.time() - path.stat().st_mtime < FRESH_SECONDS
    except FileNotFoundError:
        return False


def start(place: Place, launcher: str) -> Process:
    """Start the sweep."""
    return place.start(*GRID, LAUNCHERS[launcher])


def undisturbed(place: Place) -> dict[str, bytes]:
    """Let the sweep come to its end; return its tables."""
    process = start(place, "joblib")
    said, _ = process.communicate()
    if process.returncode:
        sys.exit(said)
    return place.tables()


def main() -> None:
    """Write the page, and end with 1 where anything was lost, done twice or left open."""
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else random.SystemRandom().randrange(10**6)
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        begin, soak = time.monotonic(), Soak(Place(Path(folder, "soak"), ROOT), random.Random(seed))
        legs = soak.plan()
        for leg in legs:
            soak.kill(leg)
            print(leg.line(), flush=True)
        tables = undisturbed(soak.place)
        soak.compare()
        counts, seconds = soak.counts(), time.monotonic() - begin
        counts["tables that differ from a sweep's without kills"] = sum(
            tables[name] != content
            for name, content in undisturbed(Place(Path(folder, "straight"), ROOT)).items()
        )
    phases = Counter(leg.phase for leg in legs)
    lines = [
        f"# A sweep of {RUNS} runs, killed {KILLS} times",
        "",
        f"Seed {seed}, {seconds:.0f} s on {processor()}, {date.today()}. Written by `make soak`.",
        "",
        ", ".join(f"**{count}** {what}" for what, count in counts.items()) + ".",
        "",
        "Kills by phase: " + ", ".join(f"{phase} {count}" for phase, count in phases.most_common()) + ".",
        "",
        "| killed | launcher | during | runs complete | fault beside |",
        "| --- | --- | --- | --- | --- |",
        *(leg.line() for leg in legs),
    ]
    PAGE.write_text("\n".join([*lines, ""]), encoding="utf-8")
    print(PAGE.read_text(encoding="utf-8"))
    sys.exit(any(counts.values()))


if __name__ == "__main__":
    main()
