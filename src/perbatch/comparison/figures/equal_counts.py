"""The repeat mode and its controls at equal cost: the loss once a given count is spent, and what is kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from perbatch.comparison.compare import Findings
from perbatch.comparison.speakers import plain_at, speakers
from perbatch.comparison.statistics import Estimate, geometric_interval, mean_interval

COUNTS = ("updates", "gradient_evaluations")
PLAIN, SKIP, FIXED = "one update per visit", "skip what is satisfied", "repeat without tolerance"


@dataclass(frozen=True)
class Equal:
    """`budget` by count: where the plain mode reaches the target. `table`: a row a contender and count.

    Columns of `table`: contender, series, n (updates per batch), count, value, low, high (of the loss).
    """

    batch_size: int
    budget: dict[str, int]
    table: pd.DataFrame


def at_equal_counts(findings: Findings) -> Equal | None:
    """Look at every contender of the batch size at which repeating is compared; None without a pair."""
    repeat = speakers(findings).get("repeat")
    plain = None if repeat is None else plain_at(findings, int(repeat["batch_size"]))
    if repeat is None or plain is None:
        return None
    rows = findings.comparison[findings.comparison["batch_size"] == plain["batch_size"]]
    budget = {count: _budget(findings, plain, count) for count in COUNTS}
    found = [
        {
            **{"contender": row["contender"], "series": series_of(row), "n": int(row["updates_per_batch"])},
            **{"count": count, "value": loss.value, "low": loss.low, "high": loss.high},
        }
        for _, row in rows.iterrows()
        for count in COUNTS
        if (loss := _loss_at(findings, row, count, budget[count])) is not None
    ]
    table = pd.DataFrame(found)
    return Equal(int(plain["batch_size"]), budget, table) if len(table) else None


def series_of(row: pd.Series) -> str:
    """Say what a contender does with a batch: one of the controls, or `until loss 0.1`."""
    if pd.isna(row["tolerance"]):
        return PLAIN if row["mode"] != "repeat" else FIXED
    return SKIP if int(row["updates_per_batch"]) == 1 else f"repeat until loss {row['tolerance']:g}"


def kept_shares(findings: Findings, batch_size: int) -> pd.DataFrame:
    """Return, per contender with a tolerance, the shares of examples satisfied when left and still.

    Columns: series, n, what, value, low, high; at the end of the first epoch, mean over the reported seeds.
    """
    table = findings.comparison
    rows = table[(table["batch_size"] == batch_size) & table["tolerance"].notna()]
    found = []
    for _, row in rows.iterrows():
        history = _history(findings, row)
        first = history[history["epoch"] >= 1].groupby("identity").first()
        for what in ("satisfied_when_left", "still_satisfied"):
            share = mean_interval(first[what])
            if np.isfinite(share.value):
                place = {"series": series_of(row), "n": int(row["updates_per_batch"]), "what": what}
                found.append({**place, "value": share.value, "low": share.low, "high": share.high})
    return pd.DataFrame(found, columns=["series", "n", "what", "value", "low", "high"])


def _budget(findings: Findings, plain: pd.Series, count: str) -> int:
    """The count at which the plain mode reaches the target; where it does not, all that it spent."""
    reached = plain[f"{count}_to_target"]
    if np.isfinite(reached):
        return int(np.ceil(reached))
    return int(_history(findings, plain)[count].max())


def _loss_at(findings: Findings, row: pd.Series, count: str, budget: int) -> Estimate | None:
    """The loss at the last evaluation within the budget; a run that never spends it keeps its last one."""
    history = _history(findings, row)
    within = history[history[count] <= budget].groupby("identity")["validation_loss"].last()
    if within.empty:
        return None
    loss = geometric_interval(within.fillna(np.inf))
    return loss if np.isfinite(loss.value) else None


def _history(findings: Findings, row: pd.Series) -> pd.DataFrame:
    mine = findings.reported.loc[findings.reported["contender"] == row["contender"], "identity"]
    history = findings.study.history
    return history[history["identity"].isin(mine)]


def equal_sentence(findings: Findings) -> str:
    """Say at which cost the contenders are looked at."""
    equal = at_equal_counts(findings)
    if equal is None:
        return ""
    return (
        f"At M = {equal.batch_size:,}, once {equal.budget['updates']:,} updates (left) or "
        f"{equal.budget['gradient_evaluations']:,} gradient evaluations (right) are spent: what one update per "
        f"visit takes to the target, or all that it had where it did not get there."
    )
