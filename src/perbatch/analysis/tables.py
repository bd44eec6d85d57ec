"""The tables that evaluation reads, checked: a wrong table gives one sentence, never a wrong number."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from perbatch import advice
from perbatch.analysis.contenders import swept
from perbatch.analysis.searched import Searched, searched
from perbatch.columns import HISTORY, KEYS, PRICED, RUNS, THROUGHPUT, Role, names, needed
from perbatch.errors import UserError
from perbatch.overrides import SWEPT, of_run

RUN_NUMBERS = [*(key for key in KEYS if key != "mode"), "n_train", "epochs", "validation_loss"]
HISTORY_NUMBERS = [column for column in needed(HISTORY) if column != "identity"]
# What evaluation derives for each run: a table that has such a column is no table of runs.
DERIVED = ("contender", "way", "variant", "gradient_us", "forward_us", "last_loss", "lost", "final_loss")
STATUSES = ("finished", "diverged", "failed")


@dataclass(frozen=True)
class Tables:
    """What the stages train and benchmark wrote. `throughput` is empty where nothing was measured yet.

    `overrides` turn the defaults of a run into what all runs of the table share. `searched` says how their
    rates were searched, None for those of a grid.
    """

    runs: pd.DataFrame
    history: pd.DataFrame
    throughput: pd.DataFrame
    overrides: tuple[str, ...] = ()
    searched: Searched | None = None

    @property
    def data(self) -> str:
        """The data set that the runs were trained on, by the name of its prepared folder."""
        return str(self.runs["data"].iloc[0])


def read_tables(train: Path, benchmark: Path) -> Tables:
    """Read what the stages wrote into the folders `train` and `benchmark`; UserError if unusable."""
    runs = read_table(train / "runs.csv", needed(RUNS))
    history = read_table(train / "history.csv", needed(HISTORY))
    prices = benchmark / "throughput.csv"
    priced = needed(THROUGHPUT)
    throughput = read_table(prices, priced) if prices.exists() else pd.DataFrame(columns=priced)
    return check_tables(Tables(runs, history, throughput, *_read_settings(train / "settings.json")))


def check_tables(tables: Tables) -> Tables:
    """Return `tables` if they can be compared; UserError says in one sentence why not."""
    runs = tables.runs
    if runs.empty:
        raise UserError("runs.csv holds no run: there is nothing to compare")
    for column in runs:
        if column in DERIVED or str(column).endswith("_to_target"):
            raise UserError(
                f"runs.csv has a column {column}, which evaluation makes: it is not the table of train"
            )
    _check_statuses(runs)
    _check_numbers(runs, RUN_NUMBERS, "runs.csv")
    _check_numbers(tables.history, HISTORY_NUMBERS, "history.csv")
    for key in KEYS:
        if key != "tolerance" and runs[key].isna().any():
            raise UserError(f"runs.csv: {key} is empty in {int(runs[key].isna().sum())} runs")
    for key in ("batch_size", "updates_per_batch", "learning_rate"):
        if not (runs[key] > 0).all():
            raise UserError(f"runs.csv: {key} is {runs[key].min():g} in a run; it must be above 0")
    _check_losses(runs)
    _check_common(runs)
    _check_unique(runs, ["identity"], "runs.csv")
    _check_unique(runs, [*KEYS, *swept(runs)], "runs.csv")
    _check_unique(tables.throughput, PRICED, "throughput.csv")
    _check_history(runs, tables.history)
    _check_unique(tables.history, ["identity", "presentations"], "history.csv")
    return tables


def _read_settings(path: Path) -> tuple[tuple[str, ...], Searched | None]:
    try:
        settings: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return tuple(map(str, settings["overrides"])), searched(settings.get("search"))
    except FileNotFoundError:
        raise UserError(f"{path} is missing: {advice.make(path.parent)}") from None
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        raise UserError(f"{path} is damaged: run the stage that writes it again") from None


def read_table(path: Path, columns: list[str]) -> pd.DataFrame:
    """Read one table that has these columns; a UserError where it is missing or is no such table."""
    try:
        table = pd.read_csv(path)
    except FileNotFoundError:
        raise UserError(f"{path} is missing: {advice.make(path.parent)}") from None
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not a CSV table ({error})") from None
    missing = [column for column in columns if column not in table]
    if missing:
        raise UserError(f"{path} lacks the column(s) {', '.join(missing)}")
    return table


def _check_statuses(runs: pd.DataFrame) -> None:
    unknown = sorted(set(runs["status"].astype(str)) - set(STATUSES))
    if unknown:
        raise UserError(f"runs.csv: status {unknown[0]!r} is not one of {', '.join(STATUSES)}")
    if (runs["status"] == "failed").all():
        raise UserError(f"all {len(runs)} runs failed: there is nothing to compare (see their log files)")


def _check_numbers(table: pd.DataFrame, columns: list[str], name: str) -> None:
    for column in columns:
        if not is_numeric_dtype(table[column]):
            values = table[column].dropna()
            text = values[pd.to_numeric(values, errors="coerce").isna()]
            if len(text):
                raise UserError(f"{name}: {column} has {text.iloc[0]!r}, which is not a number")


def _check_losses(runs: pd.DataFrame) -> None:
    """A finished run without a validation loss would pass for one that never reached the target."""
    lost = (runs["status"] == "finished") & ~np.isfinite(runs["validation_loss"])
    if lost.any():
        raise UserError(
            f"runs.csv: {int(lost.sum())} finished runs have no validation loss, the first of them "
            f"{runs.loc[lost, 'identity'].iloc[0]}; the rates are chosen by it"
        )


def _check_common(runs: pd.DataFrame) -> None:
    """One thing may vary beside modes, rates and seeds; of two no page could show which does what."""
    values = {key: runs[key].astype(str).unique() for key in names(RUNS, Role.COMMON) if key in runs}
    varying = {key: ", ".join(each) for key, each in values.items() if len(each) > 1}
    for key in [key for key in varying if key not in SWEPT]:
        raise UserError(
            f"runs.csv: {key} takes the values {varying[key]}; one comparison needs one of them "
            f"(modes, batch sizes, learning rates and seeds may vary, and one of {', '.join(SWEPT)})"
        )
    if len(varying) > 1:
        told = " and in ".join(f"{key} ({each})" for key, each in varying.items())
        first, (_, *others) = of_run(runs.iloc[0].to_dict(), varying), varying
        fixed = " ".join(advice.override(SWEPT[key], first[SWEPT[key]]) for key in others)
        raise UserError(
            f"runs.csv: the runs differ in {told}; beside modes, batch sizes, rates and seeds a comparison "
            f"has room for one of these: sweep again with one value of each other, as {fixed}, into a "
            "folder of its own (sweep.results); nothing is trained twice"
        )


def _check_unique(table: pd.DataFrame, keys: list[str], name: str) -> None:
    twice = table[table.duplicated(keys)]
    if not twice.empty:
        row = ", ".join(f"{key}={twice.iloc[0][key]}" for key in keys)
        varying = [
            c for c in table if c not in keys and table[table.duplicated(keys, keep=False)][c].nunique() > 1
        ]
        differ = f" (such rows differ in {', '.join(map(str, varying[:4]))})" if varying else ""
        raise UserError(f"{name}: {row} is there twice{differ}; a comparison needs one row for each")


def _check_history(runs: pd.DataFrame, history: pd.DataFrame) -> None:
    evaluated = set(history["identity"].unique())
    foreign = evaluated - set(runs["identity"])
    if foreign:
        raise UserError(
            f"history.csv: the identity {min(foreign)} is not in runs.csv; both must be of one sweep"
        )
    absent = set(runs.loc[runs["status"] != "failed", "identity"]) - evaluated
    if absent:
        raise UserError(f"history.csv: the run {min(absent)} of runs.csv has no evaluation there")
