"""What goes wrong beside the kills of `soak.py`: each is done to a sweep at work, and says what it did."""

import random
import sqlite3
from contextlib import closing

import psutil

from processes import Place, Process


class Faults:
    """The faults, and the runs that they harmed, which are to be trained again."""

    def __init__(self, place: Place, draw: random.Random) -> None:
        """Nothing is done yet."""
        self.place, self.draw = place, draw
        self.harmed: set[str] = set()

    def strike(self, process: Process) -> str:
        """Do one of them."""
        faults = (self.damage, self.shut_store, self.lose_store, self.kill_worker)
        return self.draw.choice(faults)(process)

    def damage(self, _: Process) -> str:
        """Change a byte of a complete run, which is then to be trained again."""
        folder = self.place.root / "runs" / self.draw.choice(sorted(self.place.stamps()))
        path = folder / self.draw.choice(("run.json", "history.csv", "theta.npy", "config.json"))
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

    def lose_store(self, _: Process) -> str:
        """Delete the store: the next sweep logs everything anew."""
        for path in self.place.root.glob("mlflow.db*"):
            path.unlink()
        return "store deleted"

    def kill_worker(self, process: Process) -> str:
        """Kill one process below the driver, if there is any."""
        below = psutil.Process(process.pid).children(recursive=True)
        if below:
            self.draw.choice(below).kill()
        return "a worker killed" if below else ""

    def end(self) -> None:
        """Make the store writable again."""
        self.store("DROP TRIGGER IF EXISTS shut")

    def store(self, statement: str) -> None:
        """Change the store's schema, where there is a store."""
        path = self.place.root / "mlflow.db"
        if path.is_file():
            with closing(sqlite3.connect(path, timeout=60)) as connection, connection:
                connection.execute(statement)
