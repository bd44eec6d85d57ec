"""The lowest validation loss that a contender ever had: below it no target can be reached, at any speed."""

from __future__ import annotations

import math

import pandas as pd

from perbatch.comparison.study import Study
from perbatch.comparison.wording import number

RISE = 1.05
"""A final loss above the lowest one by this factor is overfitting, and not the noise of single updates."""


def floor(study: Study, contender: str) -> tuple[float, str]:
    """Return the lowest validation loss (median over seeds, at the best rate) and how it came to an end.

    Infinite where there is none.
    """
    runs = study.usable[study.usable["contender"] == contender]
    history = study.history[study.history["identity"].isin(runs["identity"])]
    lowest = runs["identity"].map(history.groupby("identity")["validation_loss"].min())
    table = runs.assign(lowest=lowest).groupby("learning_rate")[["lowest", "final_loss"]].median()
    if not table["lowest"].notna().any():
        return math.inf, "no loss at all"
    best: pd.Series = table.loc[table["lowest"].idxmin()]
    text = f"lowest {number(best['lowest'])}"
    if best["final_loss"] > RISE * best["lowest"]:
        return float(best["lowest"]), f"{text}, then rising: more epochs do not help"
    return float(best["lowest"]), f"{text} at the end: more epochs may help"
