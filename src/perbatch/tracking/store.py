"""The one store of a repository, of whatever kind: its creation, once, and what is found in it."""

import logging
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from filelock import FileLock

from perbatch import advice
from perbatch.files import json_digest
from perbatch.tracking import lost, notes, stale, views
from perbatch.tracking.server import StoreUnavailable

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment as MlflowExperiment
    from mlflow.entities import Run

STORE_TAG = "perbatch.store"
PAGES_TAG = "perbatch.pages"
KIND_TAG, REPLACED = "perbatch.kind", "replaced"
"""The kind of a run that another of its identity replaced: all views and filters ask for the kind `run`."""
NOTE = "mlflow.note.content"
PAGE = 1000


@dataclass(frozen=True)
class Experiment:
    """An experiment in a store. `key` is its own random name, which no experiment of another store has."""

    id: str
    key: str


@dataclass(frozen=True)
class Store:
    """MLflow's store, of one of the three kinds in `stores`, for the runs that lie in `root`."""

    uri: str
    root: Path

    is_server: ClassVar[bool] = False
    """Whether a server keeps the store, so that any number of machines may log to it."""

    def settle(self) -> None:
        """Mend what is wrong with the store before its first use."""

    def check(self) -> None:
        """Raise StoreUnavailable, within seconds, where the store does not answer or cannot be written."""
        raise NotImplementedError

    def peek(self, name: str) -> str:
        """Return the key of the experiment of that name, empty where there is none; makes nothing."""
        raise NotImplementedError

    def alias_tag(self, model: str, alias: str, tag: str) -> str:
        """Return a tag of the model version that has the alias, empty where there is none; makes nothing."""
        raise NotImplementedError

    def lost_of(self, ids: Iterable[str]) -> lost.Lost:
        """Return which of these runs the store lost, or their artifacts; only the embedded one is asked."""
        return lost.Lost(frozenset(), frozenset())

    def lost_model(self, model: str, alias: str) -> Path | None:
        """Return the folder of the model version that has the alias, where its files are gone; else None."""
        return None

    def running(self) -> list[stale.Running]:
        """Return the runs that are RUNNING, of a sweep at work or of one that was killed; makes nothing.

        Only the embedded store is asked: elsewhere that would take MLflow's client, and seconds.
        """
        return []

    def older(self, experiment: Experiment, current: Mapping[str, str]) -> list[str]:
        """Return the ids of ended runs that have an identity of `current` and are not the run that it names.

        Only the embedded store is asked, in one query.
        """
        return []

    def others(self, experiment: Experiment, identity: str, run_id: str) -> list[str]:
        """Return the ids of ended runs of an identity but that one; any store is asked."""
        asked = f"tags.`perbatch.identity` = '{identity}' and tags.`{KIND_TAG}` = 'run'"
        found = self.runs([experiment.id], f"{asked} and attributes.status != 'RUNNING'")
        return [run.info.run_id for run in found if run.info.run_id != run_id]

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
            if self.is_server or STORE_TAG not in found.tags:
                # On a server it shows who may write, the same value again too.
                self._tag(found, found.tags.get(STORE_TAG, uuid.uuid4().hex))
                found = self.client.get_experiment(found.experiment_id)
            self._renew(found)
            return Experiment(found.experiment_id, found.tags[STORE_TAG])

    def identities(self, experiment: Experiment) -> Counter[str]:
        """Return how many ended runs of an experiment each identity has, FAILED ones too."""
        found = self.runs([experiment.id], "tags.`perbatch.kind` = 'run'")
        ended = (run for run in found if run.info.status in ("FINISHED", "FAILED"))
        return Counter(run.data.tags.get("perbatch.identity", "") for run in ended)

    def runs(self, experiments: list[str], asked: str) -> "Iterator[Run]":
        """Yield the runs of experiments, by their ids, that one of MLflow's filters finds, page by page."""
        token: str | None = ""
        while token is not None:
            page = self.client.search_runs(experiments, asked, max_results=PAGE, page_token=token or None)
            yield from page
            token = page.token or None

    def mark_replaced(self, runs: Iterable[str]) -> None:
        """Take runs out of all views of runs, by their ids: others of their identities came later."""
        for run in runs:
            self.client.set_tag(run, KIND_TAG, REPLACED)

    def delete(self, runs: Iterable[str]) -> None:
        """Delete runs by their ids as MLflow does: they can be restored until they are collected.

        One that the store does not know any more is passed over.
        """
        from mlflow.exceptions import MlflowException

        for run in runs:
            try:
                self.client.delete_run(run)
            except MlflowException as error:
                if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                    raise

    @cached_property
    def client(self) -> "MlflowClient":
        """MLflow's client of this store; the embedded store is created and migrated at its first use."""
        from mlflow import MlflowClient

        # It would log the traceback of what is said here in one sentence.
        logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)
        with self._alone():
            self._make()
            try:
                client = MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)
                client.search_experiments(max_results=1)
            except Exception as error:  # SQLAlchemy's, Alembic's and MLflow's own have nothing in common
                raise self._unusable(error) from error
            self._made()
        return client

    def _find_or_create(self, name: str) -> "MlflowExperiment":
        if found := self.client.get_experiment_by_name(name):
            return found
        tags = {STORE_TAG: uuid.uuid4().hex}
        try:
            made = self.client.create_experiment(name, artifact_location=self._artifacts(name), tags=tags)
        except Exception:
            # Another machine may have made it meanwhile: the lock is this machine's.
            if found := self.client.get_experiment_by_name(name):
                return found
            raise
        return self.client.get_experiment(made)

    @contextmanager
    def one_sentence(self) -> Iterator[None]:
        """Raise what MLflow raises within as StoreUnavailable, without its traceback."""
        from mlflow.exceptions import MlflowException

        try:
            yield
        except MlflowException as error:
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> StoreUnavailable:
        reason = " ".join(str(error).split())
        if "database schema" in reason and not self.is_server:
            return StoreUnavailable(
                f"the MLflow store {self.uri} belongs to another version of MLflow "
                f"({reason.partition(').')[0]})); install that version or, where the store is the older one, "
                f"call `{advice.upgrade(self.uri)}`"
            )
        return StoreUnavailable(self._cannot(reason, error))

    def _tag(self, experiment: "MlflowExperiment", key: str) -> None:
        self.client.set_experiment_tag(experiment.experiment_id, STORE_TAG, key)

    def _renew(self, experiment: "MlflowExperiment") -> None:
        """Write note and views where this version has not yet; a note of the user's own stays."""
        wanted = dict(views.tags())
        if notes.is_ours(experiment.tags.get(NOTE, "")):
            wanted[NOTE] = notes.experiment(experiment.name, experiment.experiment_id)
        written = json_digest(wanted)
        if experiment.tags.get(PAGES_TAG) != written:
            for key, value in {**wanted, PAGES_TAG: written}.items():
                self.client.set_experiment_tag(experiment.experiment_id, key, value)

    def _alone(self) -> AbstractContextManager[object]:
        """Keep other processes out: eight first users that migrate one database at once break it."""
        folder = self.root / "runs"
        folder.mkdir(parents=True, exist_ok=True)
        return FileLock(folder / ".store.lock")

    def _make(self) -> None:
        """Make what MLflow does not make well by itself, before its first use."""

    def _made(self) -> None:
        """See to what MLflow made at its first use."""

    def _cannot(self, reason: str, error: Exception) -> str:
        """Say why MLflow cannot use a store that answers and can be written, and what to do."""
        raise NotImplementedError

    def _artifacts(self, name: str) -> str | None:
        """Return where an experiment's artifacts go, None where the store chooses."""
        return None
