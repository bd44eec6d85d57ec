"""A run's folder: the truth about the run. It is complete once `run.json` is there, which comes last."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from perbatch.files import digest, json_digest, replace, writing

RESULT, ROW = "run.json", "row"  # the last to be written: with it the run is complete
HISTORY = "history.csv"
WEIGHTS = "theta.npy"
TIMINGS = "timings.json"
CONFIG = "config.json"
FAILURE = "failure.txt"
LOGGED = "logged.json"
STARTED = ".started"
FILES = (LOGGED, FAILURE, CONFIG, TIMINGS, WEIGHTS, HISTORY, RESULT)
"""What an ended run leaves, in the order of writing: the last makes it complete."""


class Damaged(Exception):
    """A file of a complete run's folder is not the one that was written."""


@dataclass(frozen=True)
class RunFolder:
    """`runs/<identity>/`, which is Hydra's output folder of the job too."""

    path: Path

    @property
    def complete(self) -> bool:
        """Whether the run ended and all of it was written."""
        return (self.path / RESULT).is_file()

    @property
    def failed(self) -> bool:
        """Whether the run raised, or its worker died."""
        return (self.path / FAILURE).is_file()

    @property
    def ended(self) -> bool:
        """Whether nothing more is to come of the run: it is complete, or failed."""
        return self.complete or self.failed

    @property
    def written(self) -> tuple[int, int] | None:
        """Which writing of a complete run this is: trained again it is another one; None while incomplete."""
        return writing(self.path / RESULT)

    @property
    def under_way(self) -> bool:
        """Whether training began, since the folder was last cleared, and the run is not complete."""
        return (self.path / STARTED).is_file() and not self.complete

    def begin(self, sweep: str | None) -> None:
        """Forget what the folder held, and note that training begins, for the sweep of that parent's id."""
        self.clear()
        (self.path / STARTED).write_bytes((sweep or "").encode())

    def begun_by(self, sweep: str | None) -> bool:
        """Whether the last to begin training was a job of the sweep of that parent's id."""
        try:
            return sweep is not None and (self.path / STARTED).read_bytes() == sweep.encode()
        except FileNotFoundError:
            return False

    def lock(self) -> FileLock:
        """Return the lock that one process at a time holds; the kernel frees it when its holder dies."""
        self.path.mkdir(parents=True, exist_ok=True)
        return FileLock(self.lock_file)

    @property
    def lock_file(self) -> Path:
        """The file that the lock is on."""
        return self.path / ".lock"

    def write(
        self,
        config: dict[str, Any],
        history: str,
        theta: np.ndarray,
        timings: dict[str, Any],
        row: dict[str, Any],
    ) -> None:
        """Write a run that ended; `row` is its row of the table of runs."""
        replace(self.path / CONFIG, json.dumps(config, indent=1, sort_keys=True).encode())
        replace(self.path / HISTORY, history.encode())
        replace(self.path / TIMINGS, json.dumps(timings).encode())
        replace(self.path / WEIGHTS, _npy(theta))
        digests = {
            name: digest((self.path / name).read_bytes()) for name in (HISTORY, WEIGHTS, TIMINGS, CONFIG)
        }
        digests[ROW] = json_digest(row)
        replace(self.path / RESULT, json.dumps({ROW: row, "digests": digests}, indent=1).encode())

    def files(self) -> dict[str, bytes]:
        """Return the files of a run that ended, to be put into its folder on another machine."""
        paths = [self.path / name for name in FILES]
        return {path.name: path.read_bytes() for path in paths if path.is_file()}

    def take(self, files: Mapping[str, bytes], again: bool) -> None:
        """Put the files of a run that ended elsewhere here; what is complete here stays unless `again`."""
        with self.lock():
            if files and (again or not self.complete):
                self.clear()
                for name in FILES:
                    if name in files:
                        replace(self.path / name, files[name])

    def clear(self) -> None:
        """Make the run incomplete, first of all, then forget what it held."""
        for name in (*reversed(FILES), STARTED):
            (self.path / name).unlink(missing_ok=True)
        for unfinished in self.path.glob(".*.tmp"):  # of a write that was killed
            unfinished.unlink(missing_ok=True)

    def row(self) -> dict[str, Any]:
        """Return the run's row of the table of runs."""
        return self._result()[ROW]

    def check(self) -> dict[str, Any]:
        """Return the run's row; raise `Damaged` where something of the run is not as it was written."""
        result = self._result()
        for name, written in result["digests"].items():
            path = self.path / (RESULT if name == ROW else name)
            now = json_digest(result[ROW]) if name == ROW else path.is_file() and digest(path.read_bytes())
            if now != written:
                raise Damaged(f"{path} is damaged")
        return dict(result[ROW])

    @property
    def intact(self) -> bool:
        """Whether the run is complete and all of it is as it was written."""
        try:
            self.check()
        except Damaged:
            return False
        return True

    def history(self) -> str:
        """Return the run's history as CSV text."""
        return (self.path / HISTORY).read_text()

    def theta(self) -> np.ndarray:
        """Return the final parameters, shape (N,)."""
        return np.load(self.path / WEIGHTS, allow_pickle=False)

    def timings(self) -> dict[str, Any]:
        """Return what changes from run to run: seconds, and the cumulative seconds at each evaluation."""
        return json.loads((self.path / TIMINGS).read_text())

    def config(self) -> dict[str, Any]:
        """Return the resolved config."""
        return json.loads((self.path / CONFIG).read_text())

    def write_failure(self, text: str) -> None:
        """Keep the traceback of a run that raised."""
        replace(self.path / FAILURE, text.encode())

    def forget_failure(self) -> None:
        """Forget that a job which was to train a complete run again failed before it began."""
        (self.path / FAILURE).unlink(missing_ok=True)

    def logged(self, store: str) -> bool:
        """Return whether the MLflow store of that id has the run."""
        return store in self._stores()

    def logged_as(self, run_id: str) -> bool:
        """Return whether a store has the run under that id."""
        return run_id in self._stores().values()

    def logged_id(self, store: str) -> str | None:
        """Return the run's id in the MLflow store of that id, None where it was not logged there."""
        return self._stores().get(store)

    def forget_logged(self, store: str) -> None:
        """Forget that the MLflow store of that id has the run, so that it is logged again."""
        stores = {key: run for key, run in self._stores().items() if key != store}
        replace(self.path / LOGGED, json.dumps(stores).encode())

    def mark_logged(self, store: str, run_id: str) -> None:
        """Note that the MLflow store of that id has the run."""
        replace(self.path / LOGGED, json.dumps(self._stores() | {store: run_id}).encode())

    def _stores(self) -> dict[str, str]:
        try:
            return dict(json.loads((self.path / LOGGED).read_bytes()))
        except (FileNotFoundError, ValueError, TypeError):  # damaged: it is logged once more
            return {}

    def _result(self) -> dict[str, Any]:
        try:
            result = json.loads((self.path / RESULT).read_text())
            result[ROW], result["digests"].items()
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise Damaged(f"{self.path / RESULT} is damaged") from error
        return result


def _npy(array: np.ndarray) -> bytes:
    # Written to a file by NumPy, a full disk would be an error without a word of it.
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()
