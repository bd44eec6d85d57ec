"""A contender: a mode with its batch size and, where a batch may be repeated, its n and tolerance.

Where a sweep varies one thing more, the activation say, its value is the contender's `variant`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from perbatch.overrides import SWEPT

SETTINGS = ["mode", "batch_size", "updates_per_batch", "tolerance"]
CONTENDER = [*SETTINGS, "variant"]
# How a batch is visited. The last two are the controls of the second: repeating without a tolerance, and a
# tolerance without repeating.
ONCE, UNTIL_SATISFIED, FIXED, SKIP = "once", "until satisfied", "fixed", "skip"


@dataclass(frozen=True)
class Contender:
    """What the columns CONTENDER say, and all that it is called.

    `tolerance` is nan where there is none, `variant` empty where nothing else was swept.
    """

    mode: str
    batch_size: int
    updates_per_batch: int
    tolerance: float
    variant: str = ""

    @property
    def way(self) -> str:
        """How a batch is visited: ONCE, UNTIL_SATISFIED, FIXED or SKIP."""
        if self.mode != "repeat":
            return ONCE
        if pd.isna(self.tolerance):
            return FIXED
        return SKIP if self.updates_per_batch == 1 else UNTIL_SATISFIED

    @property
    def key(self) -> str:
        """Its name in tables, unique: `mini-batch, M = 32` or `repeat, M = 1 (n = 10, tolerance 0.1)`."""
        text = f"{self.mode}, M = {self.batch_size}"
        if self.mode != "repeat":
            return text + self._beside
        limit = "" if pd.isna(self.tolerance) else f", tolerance {self.tolerance:g}"
        return f"{text} (n = {self.updates_per_batch}{limit}){self._beside}"

    @property
    def short(self) -> str:
        """Its name without n and tolerance: `mini-batch (M = 32)`, `repeat until satisfied (M = 1)`."""
        mode = "repeat until satisfied" if self.mode == "repeat" else self.mode
        return f"{mode} (M = {self.batch_size:,}){self._beside}"

    @property
    def long(self) -> str:
        """Its name in prose: `stochastic`, `mini-batch of 32`, `full batch`, `repeat, M = 1 (10 times)`."""
        names = {"stochastic": "stochastic", "full-batch": "full batch"}
        if self.mode != "repeat":
            return names.get(self.mode, f"mini-batch of {self.batch_size:,}") + self._beside
        name, limits = self.parts
        return f"{name} ({limits})"

    @property
    def parts(self) -> tuple[str, str]:
        """Its name in prose and, apart, its limits; these are empty where a batch is visited once."""
        if self.way == ONCE:
            return self.long, ""
        if self.way == SKIP:
            name = f"skip, M = {self.batch_size:,}{self._beside}"
            return name, f"where the loss is at most {self.tolerance:g}"
        limits = f"up to {self.updates_per_batch} or until loss {self.tolerance:g}"
        limits = f"{self.updates_per_batch} times" if self.way == FIXED else limits
        return f"repeat, M = {self.batch_size:,}{self._beside}", limits

    @property
    def _beside(self) -> str:
        return f", {self.variant}" if self.variant else ""


def named(row: Mapping[str, Any]) -> Contender:
    """Return the contender of a row of a table that has the columns CONTENDER."""
    tolerance = math.nan if row["tolerance"] is None else float(row["tolerance"])
    sizes = int(row["batch_size"]), int(row["updates_per_batch"])
    return Contender(str(row["mode"]), *sizes, tolerance, str(row["variant"]))


def settings_of(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return what tells a row's contender, by column; its variant only where there is one."""
    return {key: row[key] for key in CONTENDER if key != "variant" or row[key]}


def swept(runs: pd.DataFrame) -> list[str]:
    """Return the columns of SWEPT in which the runs differ; more than one cannot be compared."""
    return [column for column in SWEPT if column in runs and runs[column].astype(str).nunique() > 1]


def _variants(runs: pd.DataFrame) -> pd.Series:
    """What each run's contender is called beside its mode: `tanh`, `shuffle false`; empty for one value."""
    for column in swept(runs):
        values = runs[column].astype(str)
        return f"{column} " + values.str.lower() if runs[column].dtype == bool else values
    return pd.Series("", index=runs.index)


def contenders(runs: pd.DataFrame) -> pd.DataFrame:
    """Return columns contender (its key), way and variant of each run."""
    runs = runs[SETTINGS].assign(variant=_variants(runs))
    groups = runs.groupby(CONTENDER, dropna=False, sort=False).ngroup()
    found = [named(row) for row in runs.loc[~groups.duplicated(), CONTENDER].to_dict("records")]
    keys, ways = np.array([each.key for each in found]), np.array([each.way for each in found])
    table = {"contender": keys[groups], "way": ways[groups], "variant": runs["variant"]}
    return pd.DataFrame(table, index=runs.index)


def in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Sort a table with the contender's columns: plain modes by batch size, then repeat."""
    repeat = (table["mode"] == "repeat").rename("_repeat")
    keyed = table.assign(_repeat=repeat)
    return keyed.sort_values(["_repeat", *CONTENDER[1:]], kind="stable").drop(columns="_repeat")
