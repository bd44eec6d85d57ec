"""The three kinds of MLflow's store: a file of SQLite's, another database, and a server."""

import atexit
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from weakref import WeakSet

from perbatch import advice
from perbatch.tracking import addresses, database, lost, mounts, moved, server, sqlite_file, stale
from perbatch.tracking.addresses import SQLITE
from perbatch.tracking.server import StoreUnavailable
from perbatch.tracking.store import KIND_TAG, STORE_TAG, Experiment, Store

if TYPE_CHECKING:
    from mlflow.entities import Experiment as MlflowExperiment

DATABASE = "mlflow.db"

KEY = """
SELECT t.value FROM experiments e JOIN experiment_tags t USING (experiment_id) WHERE e.name = ? AND t.key = ?
"""
ALIAS_TAG = """
SELECT t.value FROM registered_model_aliases a
JOIN model_version_tags t ON t.name = a.name AND t.version = a.version
WHERE a.name = ? AND a.alias = ? AND t.key = ?
"""
MODEL = """
SELECT COALESCE(v.storage_location, v.source) FROM registered_model_aliases a
JOIN model_versions v ON v.name = a.name AND v.version = a.version WHERE a.name = ? AND a.alias = ?
"""
ENDED = """
SELECT run.run_uuid, identity.value FROM runs run
JOIN tags identity ON identity.run_uuid = run.run_uuid AND identity.key = 'perbatch.identity'
JOIN tags kind ON kind.run_uuid = run.run_uuid AND kind.key = ? AND kind.value = 'run'
WHERE run.experiment_id = ? AND run.status != 'RUNNING' AND run.lifecycle_stage = 'active'
"""


def locate(uri: str | None, root: Path) -> Store:
    """Return the store at `uri` or, without one, SQLite in `root`, where a bare `mlflow ui` finds it.

    A relative file is meant from the working directory, as MLflow does. Raises a UserError where no store can
    be at the address, or it holds a password.
    """
    found = addresses.checked(uri) if uri else f"{SQLITE}{root / DATABASE}"
    if server.is_server(found):
        return ServerStore(found, root)
    return SqliteStore(found, root) if found.startswith(SQLITE) else DatabaseStore(found, root)


class SqliteStore(Store):
    """The embedded store, read without MLflow, whose import takes seconds."""

    @property
    def _file(self) -> Path:
        return Path(self.uri.removeprefix(SQLITE))

    def settle(self) -> None:
        """Mend it where it was moved or copied with its checkout."""
        moved.mend(self._file, STORE_TAG)

    def check(self) -> None:
        """As every store."""
        mounts.check(self._file)
        sqlite_file.check(self._file, with_runs=self._file.parent == self.root)

    def peek(self, name: str) -> str:
        """As every store."""
        return str(sqlite_file.read(self._file, KEY, name, STORE_TAG) or "")

    def alias_tag(self, model: str, alias: str, tag: str) -> str:
        """As every store."""
        return str(sqlite_file.read(self._file, ALIAS_TAG, model, alias, tag) or "")

    def lost_of(self, ids: Iterable[str]) -> lost.Lost:
        """As every store."""
        return lost.of_runs(self._file, ids)

    def lost_model(self, model: str, alias: str) -> Path | None:
        """As every store."""
        place = sqlite_file.read(self._file, MODEL, model, alias)
        return lost.local(str(place)) if place and lost.is_missing(str(place)) else None

    def running(self) -> list[stale.Running]:
        """As every store."""
        return stale.read_running(self._file)

    def older(self, experiment: Experiment, current: Mapping[str, str]) -> list[str]:
        """As every store."""
        rows = sqlite_file.rows(self._file, ENDED, KIND_TAG, experiment.id) or []
        return [run for run, identity in rows if current.get(identity, run) != run]

    def _make(self) -> None:
        _close_at_the_end()
        if not self._file.exists():
            sqlite_file.make(self._file)

    def _made(self) -> None:
        sqlite_file.let_readers_in(self._file)

    def _cannot(self, reason: str, error: Exception) -> str:
        return f"the MLflow store {self.uri} cannot be used ({reason[:200]}); {sqlite_file.MOVE_IT_AWAY}"

    def _artifacts(self, name: str) -> str:
        # MLflow's own default is below the working directory of the day.
        return (self._file.parent / moved.ARTIFACTS / name).as_uri()


@cache
def _close_at_the_end() -> None:
    """Close all connections when the process ends: the last one puts SQLite's write-ahead log into the file.

    Nobody else does, since a process ends without a last collection of garbage.
    """
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    engines: WeakSet[Engine] = WeakSet()
    event.listen(Engine, "engine_connect", lambda connection: engines.add(connection.engine))

    @atexit.register
    def close() -> None:
        for engine in engines:
            engine.dispose()


class DatabaseStore(Store):
    """A database on a server, which MLflow itself asks."""

    def check(self) -> None:
        """As every store."""
        database.check(self.uri)

    def peek(self, name: str) -> str:
        """As every store."""
        found = self.client.get_experiment_by_name(name)
        return found.tags.get(STORE_TAG, "") if found else ""

    def alias_tag(self, model: str, alias: str, tag: str) -> str:
        """As every store."""
        found = self.client.search_registered_models(f"name = '{model}'")
        versions = [each.aliases[alias] for each in found if alias in each.aliases]
        return self.client.get_model_version(model, versions[0]).tags.get(tag, "") if versions else ""

    def _make(self) -> None:
        self.check()

    def _cannot(self, reason: str, error: Exception) -> str:
        return f"the MLflow store {self.uri} cannot be used ({database.reason(error)}); {advice.ELSEWHERE}"


class ServerStore(Store):
    """A server of MLflow's, asked without its client."""

    is_server: ClassVar[bool] = True

    def check(self) -> None:
        """As every store."""
        server.ask(self.uri, "experiments/search", max_results=1)

    def peek(self, name: str) -> str:
        """As every store."""
        return server.experiment_tag(self.uri, name, STORE_TAG)

    def alias_tag(self, model: str, alias: str, tag: str) -> str:
        """As every store."""
        return server.alias_tag(self.uri, model, alias, tag)

    def _alone(self) -> AbstractContextManager[object]:
        return nullcontext()  # its users need not wait for each other

    def _cannot(self, reason: str, error: Exception) -> str:
        return f"the MLflow server at {self.uri} cannot be used ({reason[:200]})"

    def _tag(self, experiment: "MlflowExperiment", key: str) -> None:
        from mlflow.exceptions import MlflowException

        try:
            super()._tag(experiment, key)
        except MlflowException as error:
            if error.error_code != "PERMISSION_DENIED":
                raise
            raise StoreUnavailable(
                f"the user of the MLflow server at {self.uri} may read the experiment {experiment.name!r} "
                "and not write it: ask who runs the server for the permission EDIT"
            ) from error
