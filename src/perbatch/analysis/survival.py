"""Censored time to target: who reached it, and the median with its interval, on every axis."""

import numpy as np
import pandas as pd

from perbatch.analysis.contenders import CONTENDER
from perbatch.analysis.costs import QUANTITIES, spent
from perbatch.analysis.representatives import representatives
from perbatch.analysis.results import Results, fact
from perbatch.analysis.statistics import median_interval, share_interval

KEYS = ["target", *CONTENDER, "contender", "way", "learning_rate"]


@fact
def survival(results: Results) -> pd.DataFrame:
    """Return a row a target, mode's representative (at the rate chosen for that target) and quantity.

    reached, reached_low, reached_high: the share of the n reported seeds that reached the target, with its
    exact interval. median, median_low, median_high: unreached counts as infinite, so an end may be infinite
    (not reached) and the median is empty where half of the seeds did not reach it; kind names the interval.
    spent: what the unreached had spent in vain, their median; empty where all reached.
    """
    rows = [
        _row(row, each.runs_of(row), quantity)
        for each in results.each
        for row in representatives(each).values()
        for quantity in QUANTITIES
    ]
    return pd.DataFrame(rows)


def _row(row: pd.Series, runs: pd.DataFrame, quantity: str) -> dict[str, object]:
    times = runs[f"{quantity}_to_target"]
    reached = np.isfinite(runs["epochs_to_target"])
    share, middle = share_interval(int(reached.sum()), len(runs)), median_interval(times)
    return {
        **{key: row[key] for key in KEYS},
        "quantity": quantity,
        "n": len(runs),
        **share.columns("reached"),
        **middle.columns("median"),
        "kind": middle.kind,
        "spent": float(spent(runs[~reached])[quantity].median()),
    }
