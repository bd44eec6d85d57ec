"""How a contender (mode, batch size, updates per batch, tolerance) is named and ordered."""

from __future__ import annotations

import pandas as pd

CONTENDER = ["mode", "batch_size", "updates_per_batch", "tolerance"]
MODES = ("stochastic", "mini-batch", "full-batch", "repeat")


def contenders(runs: pd.DataFrame) -> pd.Series:
    """Return each run's contender as text that is unique per contender and fit for a table."""
    return runs.apply(lambda row: contender(*(row[key] for key in CONTENDER)), axis=1).astype(str)


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
