"""The library's front door: results as tables, networks ready to predict, and runs of one's own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from perbatch.analysis.contenders import swept
from perbatch.analysis.statistics import mean_interval
from perbatch.analysis.tables import read_table
from perbatch.backprop import Network
from perbatch.columns import HISTORY, RUNS, needed
from perbatch.data import Prepared
from perbatch.errors import UserError
from perbatch.overrides import written
from perbatch.runs import places
from perbatch.runs.folder import RunFolder
from perbatch.runs.scoring import Weights, load_prepared, network_of
from perbatch.runs.training import read_history

CELL = ["data", "cell", "mode", "batch_size", "updates_per_batch", "tolerance", "learning_rate", "epochs"]
"""What the runs of a cell share, beside what else was swept."""


@dataclass(frozen=True)
class Trained:
    """A network with the parameters `theta` (n_parameters,) that a run ended with."""

    network: Network
    theta: np.ndarray

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the outputs (n, k) for prepared examples X (n, d); with cross-entropy they are logits."""
        return self.network.predict(self.theta, X)


@dataclass(frozen=True)
class Results:
    """Runs, as tables. The columns are those of docs/tables.md.

    `tables` is the folder of a sweep's tables, or None where the runs are read from their own `folders`.
    """

    tables: Path | None
    folders: Sequence[RunFolder] = ()
    """Of the runs that were read from their own folders."""

    @cached_property
    def runs(self) -> pd.DataFrame:
        """A row a run, as in runs.csv.

        >>> import perbatch
        >>> r = perbatch.run(batch_size=32, epochs=1)
        >>> r.runs[["mode", "batch_size", "status"]].values.tolist()
        [['mini-batch', 32, 'finished']]
        """
        if self.tables:
            return read_table(self.tables / "runs.csv", needed(RUNS))
        return pd.DataFrame([folder.row() for folder in self.folders])

    @cached_property
    def history(self) -> pd.DataFrame:
        """A row an evaluation of a run, as in history.csv.

        >>> import perbatch
        >>> r = perbatch.run(batch_size=32, epochs=1)
        >>> int(r.history["presentations"].max()) == int(r.runs["n_train"].iloc[0])
        True
        """
        if self.tables:
            return read_table(self.tables / "history.csv", needed(HISTORY))
        return pd.DataFrame(
            {"identity": folder.row()["identity"], **row}
            for folder in self.folders
            for row in read_history(folder.history())
        )

    @property
    def comparison(self) -> pd.DataFrame:
        """The contenders at their chosen rates, as in comparison.csv; a UserError before evaluation."""
        if self.tables is None:
            raise UserError("single runs have no comparison: load the results of a sweep that was evaluated")
        columns = ["mode", "batch_size", "learning_rate"]
        return read_table(self.tables.parent / "evaluate" / "comparison.csv", columns)

    @property
    def cells(self) -> pd.DataFrame:
        """A row a cell, over its seeds: `n` runs, how many `diverged`, and the mean final validation loss.

        `validation_loss_low` and `_high` are the ends of its 95 % interval. A failed run has no part in it;
        one that diverged counts as infinitely bad, and the median stands for the mean.

        >>> import perbatch
        >>> perbatch.run(batch_size=32, epochs=1).cells["n"].tolist()
        [1]
        """
        runs = self.runs[self.runs["status"] != "failed"]
        rows = []
        columns = [*CELL, *swept(runs)]
        for values, alike in runs.groupby(columns, dropna=False, sort=True):
            lost = alike["status"] == "diverged"
            loss = alike["validation_loss"].astype(float).where(~lost, np.inf)
            counts = {"n": len(alike), "diverged": int(lost.sum())}
            estimate = mean_interval(loss).columns("validation_loss")
            rows.append(dict(zip(columns, values, strict=True)) | counts | estimate)
        return pd.DataFrame(rows)

    def weights(self, identity: str | None = None) -> np.ndarray:
        """Return the final parameters (n_parameters,) of a run; without an identity, of the only one.

        >>> import perbatch
        >>> r = perbatch.run(batch_size=32, epochs=1)
        >>> r.weights().size == int(r.runs["n_parameters"].iloc[0])
        True
        """
        row = self._row(identity)
        if self.tables:
            return Weights(self.tables)[row.identity]
        return next(each for each in self.folders if each.row()["identity"] == row.identity).theta()

    def network(self, identity: str | None = None) -> Trained:
        """Return a run's network, ready to predict.

        >>> import perbatch
        >>> r = perbatch.run(batch_size=32, epochs=1)
        >>> r.network().predict(r.data().X_validation[:2]).shape
        (2, 10)
        """
        return Trained(network_of(self._row(identity)), self.weights(identity))

    def data(self, name: str | None = None) -> Prepared:
        """Return the prepared data of the runs; a UserError where they are others by now.

        `name` is needed where the runs are on several data sets.

        >>> import perbatch
        >>> perbatch.run(batch_size=32, epochs=1).data().X_train.shape[1]
        64
        """
        name = name or _only(self.runs["data"], "data set")
        digests = set(self.runs.loc[self.runs["data"] == name, "data_digest"])
        return load_prepared(places.PREPARED / name, digests)

    def _row(self, identity: str | None) -> Any:
        identity = identity or _only(self.runs["identity"], "run")
        found = self.runs[self.runs["identity"].str.startswith(identity)]
        if len(found) != 1:
            raise UserError(f"{len(found)} runs have an identity that begins with {identity}")
        return next(found.itertuples())


def load(place: str | Path = "results") -> Results:
    """Return the results that lie in a folder, or those of a sweep by its name.

    `place` is a folder of results (with `train/` in it), of tables (with `runs.csv`), or of run folders, from
    here or else from the checkout's root; or the name of a sweep, whose results are in
    `results/experiment/NAME` or `results/NAME`. Raises a UserError where none of it is there.

    >>> import perbatch
    >>> made = perbatch.run(batch_size=32, epochs=1)
    >>> identity = made.runs["identity"].iloc[0]
    >>> r = perbatch.load(made.folders[0].path.parent)
    >>> identity in set(r.runs["identity"])
    True
    """
    root = places.CHECKOUT
    for folder in (Path(place), *(root / part / place for part in ("", "results/experiment", "results"))):
        for tables in (folder / "train", folder):
            if (tables / "runs.csv").is_file():
                return Results(tables)
        if runs := [each for each in map(RunFolder, sorted(folder.glob("*/"))) if each.complete]:
            return Results(None, runs)
    raise UserError(f"{place} holds no tables of a sweep and no complete runs, and no sweep is called so")


def run(**settings: Any) -> Results:
    """Train one run, or reuse it where it is complete, and return it.

    The settings are the keys of docs/reference/config.md, each with its value or, for a group, the name of
    its option; `model={"hidden": [64]}` sets a key of a group. Identity, folder, lock and log in MLflow are
    those of `python pipelines/train.py`. Raises a UserError where a setting or the data are wrong.

    >>> import perbatch
    >>> r = perbatch.run(batch_size=32, learning_rate=0.1, epochs=1)
    >>> again = perbatch.run(batch_size=32, learning_rate=0.1, epochs=1)
    >>> r.runs["identity"].tolist() == again.runs["identity"].tolist()
    True
    """
    from perbatch.sweep.single import train  # Hydra, which reading results does not need

    if settings.get("dry_run"):
        raise UserError("dry_run=True: it trains nothing, so there is no run to return")
    return Results(None, [train(list(_overrides(settings)))])


def _overrides(settings: Mapping[str, Any], prefix: str = "") -> list[str]:
    lines: list[str] = []
    for key, value in settings.items():
        if isinstance(value, Mapping):
            lines += _overrides(value, f"{prefix}{key}.")
        else:
            lines.append(f"{prefix}{key}={written(value)}")
    return lines


def _only(values: pd.Series, what: str) -> str:
    found = values.unique()
    if len(found) != 1:
        raise UserError(f"there are {len(found)} of a {what} here: name one of them")
    return str(found[0])
