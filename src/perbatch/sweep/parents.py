"""A sweep's parent run in MLflow, one in each experiment that its runs are logged in."""

import logging
import shlex
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from filelock import FileLock

from perbatch.advice import ELSEWHERE
from perbatch.errors import UserError
from perbatch.runs import provenance
from perbatch.runs.folder import RunFolder
from perbatch.runs.planned import PlannedRun
from perbatch.runs.run import Run
from perbatch.sweep import locks, record
from perbatch.sweep.plan import Plan
from perbatch.sweep.tables import runs_csv
from perbatch.tracking import Store, StoreUnavailable, SweepLog, close_stale, views
from perbatch.tracking.sweep_log import tags_of

log = logging.getLogger(__name__)

Compose = Callable[[list[str]], Run]


@dataclass(frozen=True)
class Found:
    """What a search found, for MLflow.

    `words` go into the parent's note, the files that `draw` writes into a folder beside it. `best` are the
    identities of the runs at each cell's best values, and get the tag, a key and a value.
    """

    words: str
    draw: Callable[[Path], None]
    tag: tuple[str, str]
    best: frozenset[str]


class Parents:
    """The parents of one sweep's runs: made on entering, ended on leaving, whatever happens between.

    Meanwhile they hold a lock, by which others see that the sweep is at work.
    """

    def __init__(
        self, plan: Plan, store: Store, multirun: Path, name: str | None = None, search: str = ""
    ) -> None:
        """`multirun` is the sweep's config, to be attached; `name` is the user's, `search` that of a search.

        Nothing is written yet.
        """
        self._plan, self._store, self._multirun, self._search = plan, store, multirun, search
        self._name = name or search
        self.found: Found | None = None
        """What the search found, to be shown at the end."""
        self._logs: dict[str, SweepLog] = {}
        self._before: dict[str, str] = {}
        self._lock = FileLock(locks.new())

    def __enter__(self) -> "Parents":
        """Make the parents; end what a killed sweep left RUNNING. A store that breaks down is a UserError."""
        try:
            self._start()
        except UserError:
            raise
        except Exception as error:  # SQLAlchemy's and MLflow's own have nothing in common
            self._lock.release()
            reason = " ".join(str(error).split())[:300]
            raise UserError(
                f"the MLflow store {self._store.uri} took no run ({reason}); mend that, or {ELSEWHERE}"
            ) from error
        return self

    def _start(self) -> None:
        left = locks.left()
        if closed := self._close_stale():
            log.info("runs that a killed sweep left RUNNING in MLflow, now ended: %d", closed)
        for path in left:
            path.unlink(missing_ok=True)
        self._lock.acquire()
        for name, members in self._by_experiment().items():
            self._logs[name] = SweepLog(self._store, record.experiment_of(self._store, name))
            self._before |= self._logged_ids(name, self._plan.missing)
            tags = provenance.tags() | locks.tags(Path(self._lock.lock_file))
            title = self._name or self._plan.calls.sweep(len(members))
            self._logs[name].start(title, tags | self._told(members))

    def _told(self, members: list[PlannedRun]) -> dict[str, str]:
        identities = [run.identity for run in members]
        reused = {run.identity for run in self._plan.reused}.intersection(identities)
        command, words = shlex.join(["python", *sys.argv]), self.found.words if self.found else ""
        return tags_of(identities, len(reused), command, self._plan.common, words)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the parents as FINISHED, FAILED or KILLED."""
        failed = any(run.folder.failed or not run.folder.complete for run in self._plan.missing)
        status = "KILLED" if error is not None else "FAILED" if failed else "FINISHED"
        try:
            self._end(status)
            for each in self._logs.values():
                below = views.address(each.experiment.id, views.RUNS)
                log.info("its runs in MLflow: %s", views.whole(self._store.uri, below))
            Path(self._lock.lock_file).unlink(missing_ok=True)
        except Exception as trouble:  # the store broke down: that must not hide what the sweep did
            log.warning(
                "the sweep's parent in MLflow was not ended, which the next start of the same command does: "
                "%s",
                " ".join(str(trouble).split())[:300],
            )
        finally:
            self._lock.release()
            for each in self._logs.values():
                locks.said(each.id).unlink(missing_ok=True)

    def of(self, run: PlannedRun) -> str:
        """Return the id of the run's parent."""
        return self._logs[run.experiment].id

    def log_missing(self, compose: Compose) -> None:
        """Log complete and failed runs that the store lacks from their folders, under these parents."""
        missing = [run for run in self._plan.runs if run.folder.ended and not self._logged(run)]
        if not missing or not self._answers():
            return
        record.try_store_again()
        for run in missing:
            whole = compose([*run.overrides, f"tracking.parent={self.of(run)}"])
            with run.expected(), run.folder.lock():  # another sweep may be about to do the same
                record.log_where_missing(run.folder, whole)
        if logged := sum(map(self._logged, missing)):
            log.info("%d runs that the MLflow store lacked are logged from their folders", logged)

    def _logged(self, run: PlannedRun) -> bool:
        return run.folder.logged(self._logs[run.experiment].experiment.key)

    def _answers(self) -> bool:
        """Tell whether a server is there: a file may have been busy, a dead server costs a wait each run."""
        try:
            if self._store.is_server:
                self._store.check()
        except StoreUnavailable:
            return False
        return True

    def _close_stale(self) -> int:
        own = [sweep_log.id for sweep_log in self._logs.values()]
        return close_stale(self._store, locks.here(), _how_it_ended, own)

    def _end(self, status: str) -> None:
        for name, sweep_log in self._logs.items():
            members = self._by_experiment()[name]
            complete = [run.folder.row() for run in members if run.folder.complete]
            counts = Counter(str(row["status"]) for row in complete)
            counts["unfinished"] = len(members) - len(complete)
            with tempfile.TemporaryDirectory() as folder:
                table = Path(folder, "members.csv")
                table.write_text(runs_csv(complete))
                if self._search:  # which had asked for its first round alone when the parent was made
                    sweep_log.tell(self._told(members))
                if self.found:
                    best = self._best(members, sweep_log.experiment.key)
                    sweep_log.show(self.found.draw, self.found.tag, best)
                sweep_log.end(status, counts, [table, self._multirun])
            self._mark_replaced(name)
        self._close_stale()  # what workers that died left RUNNING

    def _best(self, members: list[PlannedRun], store: str) -> list[str]:
        """The ids of the best runs in the store."""
        best = [run for run in members if self.found and run.identity in self.found.best]
        return [run_id for run in best if (run_id := run.folder.logged_id(store))]

    def _mark_replaced(self, name: str) -> None:
        """Take out of the views what was logged before of runs that were trained again."""
        current = self._logged_ids(name, [run for run in self._by_experiment()[name] if run.folder.complete])
        older = set(self._store.older(self._logs[name].experiment, current))
        older |= {run for each, run in self._before.items() if current.get(each, run) != run}
        self._store.mark_replaced(sorted(older))
        if older:
            log.info("older runs of the same settings that are now out of MLflow's views: %d", len(older))

    def _logged_ids(self, name: str, runs: Sequence[PlannedRun]) -> dict[str, str]:
        """MLflow's ids of runs in an experiment, by identity, as their folders say."""
        key = self._logs[name].experiment.key
        found = {run.identity: run.folder.logged_id(key) for run in runs if run.experiment == name}
        return {identity: logged for identity, logged in found.items() if logged}

    def _by_experiment(self) -> dict[str, list[PlannedRun]]:
        groups: dict[str, list[PlannedRun]] = {}
        for run in self._plan.runs:
            groups.setdefault(run.experiment, []).append(run)
        return groups


def _how_it_ended(lock: Path, run_id: str) -> str | None:
    """How a RUNNING run of MLflow ended, by its lock and folder; None while somebody is at work on it."""
    if locks.held(lock):
        return None
    return "FINISHED" if RunFolder(lock.parent).logged_as(run_id) else "KILLED"
