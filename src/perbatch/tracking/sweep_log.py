"""The parent run of a sweep: made before its runs, ended after them."""

import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from perbatch.files import digest
from perbatch.tracking import notes
from perbatch.tracking.store import NOTE, Experiment, Store

MEMBERS_TAG = "perbatch.members"


def members_digest(identities: Iterable[str]) -> str:
    """Return the digest of a set of runs, whatever their order."""
    return digest("\n".join(sorted(identities)))


def tags_of(
    members: Sequence[str], reused: int, command: str, common: Mapping[str, object], words: str = ""
) -> dict[str, str]:
    """Return the tags that tell a parent's members, which are identities, to a reader and to `find`.

    `common` are the params that all members share; `words` say what a search found.
    """
    note = notes.sweep(len(members), reused, command, common, words)
    return {NOTE: note, MEMBERS_TAG: members_digest(members)}


class SweepLog:
    """The run that a sweep's runs are nested under."""

    def __init__(self, store: Store, experiment: Experiment) -> None:
        """Nothing is written yet."""
        self._store, self.experiment = store, experiment
        self.id = ""

    def start(self, name: str, tags: Mapping[str, str]) -> str:
        """Make the parent run, called `name`, and return its id; what `tags_of` gives is among its tags."""
        run = self._store.client.create_run(
            self.experiment.id,
            start_time=int(time.time() * 1000),
            tags={**tags, "perbatch.kind": "sweep"},
            run_name=name,
        )
        self.id = run.info.run_id
        return self.id

    def tell(self, tags: Mapping[str, str]) -> None:
        """Set tags anew: what `tags_of` gives of a search that asked for more since its start."""
        for key, value in tags.items():
            self._store.client.set_tag(self.id, key, value)

    def show(self, draw: Callable[[Path], None], tag: tuple[str, str], best: Iterable[str]) -> None:
        """Attach what `draw` writes into a folder as `search`, and tag a search's best runs, given by id.

        Runs that have the tag with that value from before, when the search was smaller, lose it.
        """
        with tempfile.TemporaryDirectory() as folder:
            draw(Path(folder))
            self._store.client.log_artifacts(self.id, folder, "search")
        asked = "tags.`{}` = '{}'".format(*tag)
        tagged = {run.info.run_id for run in self._store.runs([self.experiment.id], asked)}
        for run_id in tagged.difference(best):
            self._store.client.delete_tag(run_id, tag[0])
        for run_id in set(best) - tagged:
            self._store.client.set_tag(run_id, *tag)

    def find(self, members: Sequence[str]) -> bool:
        """Take up the newest parent of exactly these members; tell whether there is one."""
        found = self._store.client.search_runs(
            [self.experiment.id],
            f"tags.`{MEMBERS_TAG}` = '{members_digest(members)}'",
            order_by=["attributes.start_time DESC"],
            max_results=1,
        )
        self.id = found[0].info.run_id if found else ""
        return bool(found)

    def publish(self, answer: str, files: Sequence[Path], figures: Path) -> None:
        """Put the answer in front of the parent's note and attach the files in place of earlier ones.

        `figures` is a folder; its files go into one of that name.
        """
        note = self._store.client.get_run(self.id).data.tags[NOTE]
        self._store.client.set_tag(self.id, NOTE, notes.answered(note, answer))
        for path in files:
            self._store.client.log_artifact(self.id, str(path))
        self._store.client.log_artifacts(self.id, str(figures), figures.name)

    def end(self, status: str, counts: Mapping[str, int], artifacts: Sequence[Path]) -> None:
        """Log how many runs ended how, attach the files and end the parent as FINISHED, FAILED or KILLED."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        metrics = [Metric(f"runs/{key}", value, now, 0) for key, value in counts.items()]
        self._store.client.log_batch(self.id, metrics=metrics)
        for path in artifacts:
            self._store.client.log_artifact(self.id, str(path))
        self._store.client.set_terminated(self.id, status)
