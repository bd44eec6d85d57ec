"""The one store of a repository: where it is, whether it answers, and its creation, once."""

import logging
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from perbatch import advice
from perbatch.tracking import (
    addresses,
    database,
    lost,
    moved,
    network_disk,
    notes,
    server,
    sqlite_file,
    stale,
    views,
)
from perbatch.tracking.addresses import SQLITE
from perbatch.tracking.server import StoreUnavailable
from perbatch.tracking.sqlite_file import MOVE_IT_AWAY

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment as MlflowExperiment

DATABASE = "mlflow.db"
STORE_TAG = "perbatch.store"
PAGE = 1000


@dataclass(frozen=True)
class Experiment:
    """An experiment in a store. `key` is its own random name, which no experiment of another store has."""

    id: str
    key: str


@dataclass(frozen=True)
class Store:
    """MLflow's store: the address given, or SQLite in `root`, where a bare `mlflow ui` finds it."""

    uri: str
    root: Path

    @classmethod
    def locate(cls, uri: str | None, root: Path) -> "Store":
        """Return the store at `uri` or, without one, the embedded store in `root`.

        A relative file is meant from the working directory, as MLflow does. Raises a UserError where no
        store can be at the address, or it holds a password.
        """
        return cls(addresses.checked(uri) if uri else f"{SQLITE}{root / DATABASE}", root)

    def settle(self) -> None:
        """Mend the embedded store where it was moved or copied with its checkout."""
        if self._file is not None and self._file.is_file():
            moved.mend(self._file, STORE_TAG)

    @property
    def is_server(self) -> bool:
        """Whether a server keeps the store, so that any number of machines may log to it."""
        return server.is_server(self.uri)

    def check(self) -> None:
        """Raise StoreUnavailable, within seconds, where the store does not answer or cannot be written."""
        if self.is_server:
            server.ask(self.uri, "experiments/search", max_results=1)
        elif self._file is not None:
            network_disk.check(self._file)
            sqlite_file.check(self._file, with_runs=self._file.parent == self.root)
        else:
            database.check(self.uri)

    def experiment(self, name: str) -> Experiment:
        """Return the experiment of that name, made (and the store with it) where it does not exist."""
        _ = self.client  # whose import takes seconds: no other process waits for that
        with self._alone():
            found = self._find_or_create(name)
            if found.lifecycle_stage == "deleted":
                raise StoreUnavailable(
                    f"the MLflow experiment {name!r} at {self.uri} is deleted; "
                    f"restore it with `{advice.restore(self.uri, found.experiment_id)}`"
                )
            if STORE_TAG not in found.tags:
                self._tag(found, uuid.uuid4().hex)
                found = self.client.get_experiment(found.experiment_id)
            elif self.is_server:  # whose users may not all write: the same value again shows it
                self._tag(found, found.tags[STORE_TAG])
            return Experiment(found.experiment_id, found.tags[STORE_TAG])

    def peek(self, name: str) -> str:
        """Return the key of the experiment of that name, empty where there is none; makes nothing.

        The embedded store and a server are read without MLflow, whose import takes seconds.
        """
        if self.is_server:
            return server.experiment_tag(self.uri, name, STORE_TAG)
        if self._file is None:
            found = self.client.get_experiment_by_name(name)
            return found.tags.get(STORE_TAG, "") if found else ""
        query = (
            "SELECT t.value FROM experiments e JOIN experiment_tags t USING (experiment_id) "
            "WHERE e.name = ? AND t.key = ?"
        )
        return str(sqlite_file.read(self._file, query, name, STORE_TAG) or "")

    def alias_tag(self, model: str, alias: str, tag: str) -> str:
        """Return a tag of the model version that has the alias, empty where there is none; makes nothing.

        The embedded store and a server are read without MLflow.
        """
        if self.is_server:
            return server.alias_tag(self.uri, model, alias, tag)
        if self._file is None:
            found = self.client.search_registered_models(f"name = '{model}'")
            versions = [each.aliases[alias] for each in found if alias in each.aliases]
            return self.client.get_model_version(model, versions[0]).tags.get(tag, "") if versions else ""
        query = (
            "SELECT t.value FROM registered_model_aliases a JOIN model_version_tags t "
            "ON t.name = a.name AND t.version = a.version WHERE a.name = ? AND a.alias = ? AND t.key = ?"
        )
        return str(sqlite_file.read(self._file, query, model, alias, tag) or "")

    def lost_of(self, ids: Iterable[str]) -> lost.Lost:
        """Return which of these runs the embedded store lost, or their artifacts; a server is not asked."""
        if self._file is None:
            return lost.Lost(frozenset(), frozenset())
        return lost.of_runs(self._file, ids)

    def lost_model(self, model: str, alias: str) -> Path | None:
        """Return the folder of the model version that has the alias, where its files are gone; else None."""
        if self._file is None:
            return None
        query = (
            "SELECT COALESCE(v.storage_location, v.source) FROM registered_model_aliases a "
            "JOIN model_versions v ON v.name = a.name AND v.version = a.version "
            "WHERE a.name = ? AND a.alias = ?"
        )
        place = sqlite_file.read(self._file, query, model, alias)
        return lost.local(str(place)) if place and lost.is_missing(str(place)) else None

    def identities(self, experiment: Experiment) -> Counter[str]:
        """Return how many ended runs of an experiment each identity has, FAILED ones too."""
        found: Counter[str] = Counter()
        token: str | None = None
        while True:
            page = self.client.search_runs(
                [experiment.id], "tags.`perbatch.kind` = 'run'", max_results=PAGE, page_token=token
            )
            ended = [run for run in page if run.info.status in ("FINISHED", "FAILED")]
            found.update(run.data.tags.get("perbatch.identity", "") for run in ended)
            token = page.token
            if not token:
                return found

    def running(self) -> list[stale.Running]:
        """Return the runs that are RUNNING, of a sweep at work or of one that was killed; makes nothing.

        A server is not asked: that would take MLflow's client, and seconds.
        """
        return stale.read_running(self._file) if self._file is not None else []

    @cached_property
    def client(self) -> "MlflowClient":
        """MLflow's client of this store; the embedded store is created and migrated at its first use."""
        from mlflow import MlflowClient

        # It would log the traceback of what is said here in one sentence.
        logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)
        if self._is_database:
            self.check()
        with self._alone():
            if self._file is not None and not self._file.exists():
                sqlite_file.make(self._file)
            try:
                client = MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)
                client.search_experiments(max_results=1)
            except Exception as error:  # SQLAlchemy's, Alembic's and MLflow's own have nothing in common
                raise StoreUnavailable(self._why(error)) from error
            if self._file is not None:
                sqlite_file.let_readers_in(self._file)
        return client

    def _find_or_create(self, name: str) -> "MlflowExperiment":
        if found := self.client.get_experiment_by_name(name):
            return found
        try:
            return self._create(name)
        except Exception:
            # Another machine may have made it meanwhile: the lock is this machine's.
            if found := self.client.get_experiment_by_name(name):
                return found
            raise

    @contextmanager
    def one_sentence(self) -> Iterator[None]:
        """Raise what MLflow raises within as StoreUnavailable, without its traceback."""
        from mlflow.exceptions import MlflowException

        try:
            yield
        except MlflowException as error:
            raise StoreUnavailable(self._why(error)) from error

    def _tag(self, experiment: "MlflowExperiment", key: str) -> None:
        from mlflow.exceptions import MlflowException

        try:
            self.client.set_experiment_tag(experiment.experiment_id, STORE_TAG, key)
        except MlflowException as error:
            if error.error_code != "PERMISSION_DENIED":
                raise
            raise StoreUnavailable(
                f"the user of the MLflow server at {self.uri} may read the experiment {experiment.name!r} "
                "and not write it: ask who runs the server for the permission EDIT"
            ) from error

    def _create(self, name: str) -> "MlflowExperiment":
        made = self.client.create_experiment(
            name,
            artifact_location=self._artifacts(name),
            tags={STORE_TAG: uuid.uuid4().hex, **views.tags()},
        )
        self.client.set_experiment_tag(made, "mlflow.note.content", notes.experiment(name, made))
        return self.client.get_experiment(made)

    @property
    def _is_database(self) -> bool:
        return not self.is_server and self._file is None

    @property
    def _file(self) -> Path | None:
        return Path(self.uri.removeprefix(SQLITE)) if self.uri.startswith(SQLITE) else None

    def _alone(self) -> AbstractContextManager[object]:
        """Keep other processes out: eight first users that migrate one database at once break it.

        Of a server the users need not wait for each other.
        """
        return nullcontext() if self.is_server else self._lock

    @cached_property
    def _lock(self) -> FileLock:
        folder = self.root / "runs"
        folder.mkdir(parents=True, exist_ok=True)
        return FileLock(folder / ".store.lock")

    def _why(self, error: Exception) -> str:
        """Say why MLflow cannot use a store that answers and can be written, and what to do."""
        reason = " ".join(str(error).split())
        if self.is_server:
            return f"the MLflow server at {self.uri} cannot be used ({reason[:200]})"
        if "database schema" in reason:
            return (
                f"the MLflow store {self.uri} belongs to another version of MLflow "
                f"({reason.partition(').')[0]})); install that version or, where the store is the older one, "
                f"call `{advice.upgrade(self.uri)}`"
            )
        if self._is_database:
            return (
                f"the MLflow store {self.uri} cannot be used ({database.reason(error)}); {advice.ELSEWHERE}"
            )
        return f"the MLflow store {self.uri} cannot be used ({reason[:200]}); {MOVE_IT_AWAY}"

    def _artifacts(self, name: str) -> str | None:
        # A server chooses for itself. MLflow's own default is below the working directory of the day.
        return None if self._file is None else (self._file.parent / moved.ARTIFACTS / name).as_uri()
