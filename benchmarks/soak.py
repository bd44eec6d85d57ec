"""`make soak`: kill a sweep of 200 runs 20 times, with faults beside, and count the harm: benchmarks/soak.md.

python benchmarks/soak.py [SEED]. It works in a temporary folder, on the checkout's prepared data. A kill
comes after so many further runs, drawn from the seed, so that the kills spread over the sweep's whole life.
"""

import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psutil

from overhead import ROOT, processor

sys.path.insert(0, str(ROOT / "tests" / "sweep"))
from processes import Place, Process, wait_for

PAGE = ROOT / "benchmarks" / "soak.md"
KILLS, RUNS = 20, 200
GRID = ("batch_size=4,8,16,full", "learning_rate=0.1,0.3", "seed=range(0,25)", "epochs=15")
LAUNCHERS = {
    "basic": ("hydra/launcher=basic",),
    "joblib": ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2"),
}
WAYS = ("all processes", "driver alone", "Ctrl-C")
EARLY = 6
"""Kills in the first seconds of a sweep; the others wait for runs."""
MOST = 22
"""Runs that a sweep completes at most before such a kill: some are left for the last sweep."""


@dataclass
class Leg:
    """One sweep of the soak, which is killed."""

    way: str
    launcher: str
    runs: int
    delay: float
    fault: str = ""
    phase: str = ""
    complete: int = 0

    def line(self, number: int) -> str:
        """Give a row of the page's table."""
        cells = (number, self.way, self.launcher, self.phase, self.complete, self.fault)
        return f"| {' | '.join(map(str, cells))} |"


class Soak:
    """The sweep, over and over, and what is known of its runs."""

    def __init__(self, place: Place, draw: random.Random) -> None:
        """Nothing is started yet."""
        self.place, self.draw = place, draw
        self.seen: dict[str, int] = {}
        self.harmed: set[str] = set()
        self.found: Counter[str] = Counter(
            dict.fromkeys(("lost", "trained twice", "stopped without a word"), 0)
        )

    def plan(self) -> list[Leg]:
        """Draw the kills: every way about as often, a third of the legs in the first seconds."""
        draw = self.draw
        legs = []
        for number in range(KILLS):
            early = number < EARLY
            runs, delay = (
                (0, draw.uniform(0.2, 6)) if early else (draw.randint(1, MOST), draw.uniform(0, 0.5))
            )
            legs.append(Leg(WAYS[number % 3], draw.choice(list(LAUNCHERS)), runs, delay))
        draw.shuffle(legs)
        return legs

    def kill(self, leg: Leg) -> None:
        """Start the sweep, with a fault now and then, and kill it when its time has come."""
        fault = self.draw.choice(self.faults()) if self.draw.random() < 0.5 else None
        process, before, began = (
            self.place.start(*GRID, *LAUNCHERS[leg.launcher]),
            len(self.seen),
            time.time(),
        )
        if fault is not None and leg.runs:
            wait_for(lambda: len(self.place.stamps()) > before, process)
            leg.fault = fault(process)
        enough = min(before + leg.runs, RUNS - 1)
        wait_for(lambda: len(self.place.stamps()) >= enough, process)
        time.sleep(leg.delay)
        self.end(leg, process)
        leg.phase = self.phase(began)
        self.compare()
        leg.complete = len(self.seen)
        self.open_store()

    def end(self, leg: Leg, process: Process) -> None:
        """Kill the sweep in the leg's way, and wait for its end."""
        if leg.way == "driver alone":  # its workers may still be at work when the next sweep comes
            process.kill()
            process.wait()
            return
        os.killpg(process.pid, signal.SIGINT if leg.way == "Ctrl-C" else signal.SIGKILL)
        said, _ = process.communicate()
        if leg.way == "Ctrl-C":
            clean = process.returncode == 130 and "Traceback" not in said and "stopped: " in said
            self.found["stopped without a word"] += not clean
            print("" if clean else said, end="")

    def phase(self, began: float) -> str:
        """Say what the sweep was doing, by the folders of the runs that it began."""
        started = self.place.root.glob("runs/*/.started")
        mine = [path.parent for path in started if path.stat().st_mtime > began]
        if not mine:
            return "start-up"
        training = [folder for folder in mine if not (folder / "run.json").exists()]
        if any((folder / "config.json").exists() for folder in training):
            return "writing a folder"
        if any((folder / "run.json").exists() and not (folder / "logged.json").exists() for folder in mine):
            return "logging"
        return "training" if training else "between runs"

    def compare(self) -> None:
        """Hold the complete runs against those seen before."""
        now = self.place.stamps()
        whole = {key: stamp for key, stamp in self.seen.items() if key not in self.harmed}
        self.found["lost"] += len(whole.keys() - now.keys())
        self.found["trained twice"] += sum(now.get(key, stamp) != stamp for key, stamp in whole.items())
        self.seen = now

    def faults(self) -> list[Callable[[Process], str]]:
        """What may go wrong beside the kill."""
        return [self.damage, self.shut_store, self.lose_store, self.kill_worker]

    def damage(self, _: Process) -> str:
        """Change a byte of a complete run, which is then to be trained again."""
        folder = self.place.root / "runs" / self.draw.choice(sorted(self.place.stamps()))
        path = folder / self.draw.choice(
            ("run.json", "history.csv", "theta.npy", "timings.json", "config.json")
        )
        content = bytearray(path.read_bytes())
        content[self.draw.randrange(len(content))] ^= 1
        path.write_bytes(content)
        self.harmed.add(folder.name)
        return f"{path.name} damaged"

    def shut_store(self, _: Process) -> str:
        """Let SQLite say what it says of a read-only file, for root too."""
        action = "SELECT RAISE(ABORT, 'attempt to write a readonly database')"
        self.store(f"CREATE TRIGGER shut BEFORE INSERT ON runs BEGIN {action}; END")
        return "store read-only"

    def open_store(self) -> None:
        """Make the store writable again."""
        self.store("DROP TRIGGER IF EXISTS shut")

    def store(self, statement: str) -> None:
        """Change the store's schema, where there is a store."""
        path = self.place.root / "mlflow.db"
        if path.is_file():
            with closing(sqlite3.connect(path, timeout=60)) as connection, connection:
                connection.execute(statement)

    def lose_store(self, _: Process) -> str:
        """Delete the store: the next sweep logs everything anew."""
        for path in self.place.root.glob("mlflow.db*"):
            path.unlink()
        return "store deleted"

    def kill_worker(self, process: Process) -> str:
        """Kill one process below the driver, if there is any."""
        with suppress(psutil.Error, IndexError):
            self.draw.choice(psutil.Process(process.pid).children(recursive=True)).kill()
            return "worker killed"
        return ""


def undisturbed(place: Place) -> None:
    """Let the sweep come to its end."""
    process = place.start(*GRID, *LAUNCHERS["joblib"])
    said, _ = process.communicate()
    if process.returncode:
        sys.exit(said)


def main() -> None:
    """Write the page, and end with 1 where anything was lost, done twice or left open."""
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else random.SystemRandom().randrange(10**6)
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        place, start = Place(Path(folder, "soak"), ROOT), time.monotonic()
        soak = Soak(place, random.Random(seed))
        legs = soak.plan()
        for number, leg in enumerate(legs, 1):
            soak.kill(leg)
            print(leg.line(number), flush=True)
        undisturbed(place)
        soak.compare()
        seconds = time.monotonic() - start
        straight = Place(Path(folder, "straight"), ROOT)
        undisturbed(straight)
        logged = place.logged()
        counts = {
            **soak.found,
            "RUNNING": place.statuses()["RUNNING"] + place.statuses("sweep")["RUNNING"],
            "missing": RUNS - len(soak.seen),
            "missing in MLflow": len(soak.seen.keys() - logged.keys()),
            "logged twice": sum(count > 1 for key, count in logged.items() if key not in soak.harmed),
            "tables unlike an undisturbed sweep's": int(place.tables() != straight.tables()),
        }
    phases = Counter(leg.phase for leg in legs)
    text = f"""# A sweep of {RUNS} runs, killed {KILLS} times

Seed {seed}, {seconds:.0f} s on {processor()}, {date.today()}. Written by `make soak`.

{", ".join(f"**{count}** {what}" for what, count in counts.items())}.

Kills by phase: {", ".join(f"{phase} {count}" for phase, count in sorted(phases.items()))}.

| kill | of | launcher | during | runs complete | fault beside |
| --- | --- | --- | --- | --- | --- |
""" + "".join(f"{leg.line(number)}\n" for number, leg in enumerate(legs, 1))
    PAGE.write_text(text, encoding="utf-8")
    print(text)
    sys.exit(any(counts.values()))


if __name__ == "__main__":
    main()
