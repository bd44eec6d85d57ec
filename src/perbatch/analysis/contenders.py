"""How a contender (mode, batch size, updates per batch, tolerance) is named and ordered."""

import numpy as np
import pandas as pd

CONTENDER = ["mode", "batch_size", "updates_per_batch", "tolerance"]
# How a batch is visited. The last two are the controls of the second: repeating without a tolerance, and a
# tolerance without repeating.
ONCE, UNTIL_SATISFIED, FIXED, SKIP = "once", "until satisfied", "fixed", "skip"
WAYS = (ONCE, UNTIL_SATISFIED, FIXED, SKIP)


def contenders(runs: pd.DataFrame) -> pd.DataFrame:
    """Return columns contender (text, unique per contender and fit for a table) and way (one of WAYS)."""
    groups = runs.groupby(CONTENDER, dropna=False, sort=False).ngroup()
    firsts = runs[~groups.duplicated()]
    names = [contender(*row) for row in firsts[CONTENDER].itertuples(index=False)]
    ways = [way(*row) for row in firsts[CONTENDER].itertuples(index=False)]
    return pd.DataFrame(
        {"contender": np.array(names)[groups], "way": np.array(ways)[groups]}, index=runs.index
    )


def way(mode: str, batch_size: int, updates_per_batch: int, tolerance: float) -> str:
    """Return how a batch is visited, one of WAYS."""
    if mode != "repeat":
        return ONCE
    if pd.isna(tolerance):
        return FIXED
    return SKIP if updates_per_batch == 1 else UNTIL_SATISFIED


def contender(mode: str, batch_size: int, updates_per_batch: int, tolerance: float) -> str:
    """Name one contender, as `mini-batch, M = 32` or `repeat, M = 1 (n = 10, tolerance 0.1)`."""
    text = f"{mode}, M = {int(batch_size)}"
    if mode != "repeat":
        return text
    limit = "" if pd.isna(tolerance) else f", tolerance {tolerance:g}"
    return f"{text} (n = {int(updates_per_batch)}{limit})"


def in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Sort a table with the contender's columns: plain modes by batch size, then repeat."""
    repeat = (table["mode"] == "repeat").rename("_repeat")
    keyed = table.assign(_repeat=repeat)
    return keyed.sort_values(["_repeat", *CONTENDER[1:]], kind="stable").drop(columns="_repeat")
