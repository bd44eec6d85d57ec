"""The stable range of learning rates of each contender, a result of its own.

The rule: a rate is stable if at least one run at it ended, none diverged, and it learned: the median final
training loss over all seeds is below LEARNED times that of the best constant answer. Below the loss at the
start would not do: a network that has died gives one answer to every input, which is often better than the
start. The training loss, since overfitting is not instability.
"""

import math

import numpy as np
import pandas as pd

from perbatch.analysis.contenders import CONTENDER, in_order
from perbatch.analysis.sweep import Sweep

LEARNED = 0.95


def rate_outcomes(sweep: Sweep) -> pd.DataFrame:
    """Return a row a contender and rate: runs (but for failed ones), diverged, the median final validation
    loss (not finite where the middle diverged), that of the training (infinite there), and whether the rate
    is stable."""
    last = sweep.history.groupby("identity")["train_loss"].last()
    usable = sweep.usable[["contender", "learning_rate", "identity", "status", "last_loss"]]
    lost = usable["status"] == "diverged"
    usable = usable.assign(
        diverged=lost,
        final=usable["identity"].map(last).where(~lost, np.inf),
    )
    table = usable.groupby(["contender", "learning_rate"]).agg(
        runs=("identity", "size"),
        diverged=("diverged", "sum"),
        validation_loss=("last_loss", "median"),
        train_loss=("final", "median"),
    )
    table["train_loss"] = table["train_loss"].fillna(np.inf)  # between a finite and an infinite middle
    learned = table["train_loss"] < LEARNED * sweep.constant_loss
    table["stable"] = (table["diverged"] == 0) & learned
    return table.reset_index()


def stable_ranges(sweep: Sweep) -> pd.DataFrame:
    """Return a row a contender, plain ones by batch size first.

    low, high: the lowest and the highest stable rate tried (empty if none is); octaves: log2(high / low);
    gaps: rates tried between them that are not stable; open_low, open_high: the range ends where the rates
    tried end, so that it may be wider; rates_tried.
    """
    outcomes = {name: table for name, table in rate_outcomes(sweep).groupby("contender")}
    nothing = pd.DataFrame({"learning_rate": [], "stable": []})
    rows = [
        {
            **{key: alike.iloc[0][key] for key in [*CONTENDER, "contender", "way"]},
            **_range(sorted(alike["learning_rate"].unique()), outcomes.get(name, nothing)),
        }
        for name, alike in sweep.runs.groupby("contender", sort=False)
    ]
    return in_order(pd.DataFrame(rows)).reset_index(drop=True)


def _range(tried: list[float], outcomes: pd.DataFrame) -> dict[str, object]:
    stable = set(outcomes.loc[outcomes["stable"].astype(bool), "learning_rate"])
    low, high = (min(stable), max(stable)) if stable else (math.nan, math.nan)
    return {
        "low": low,
        "high": high,
        "octaves": math.log2(high / low),
        "gaps": sum(low < rate < high and rate not in stable for rate in tried),
        "open_low": bool(stable) and low == tried[0],
        "open_high": bool(stable) and high == tried[-1],
        "rates_tried": len(tried),
    }
