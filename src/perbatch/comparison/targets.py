"""Time to target: the first evaluation at which the validation loss is at most the target."""

from __future__ import annotations

import numpy as np
import pandas as pd

COUNTS = ["presentations", "updates", "gradient_evaluations", "forward_evaluations"]
QUANTITIES = ["epochs", "updates", "gradient_evaluations", "evaluations", "seconds"]
FORWARD = 0.5
"""What a forward pass counts, in gradient evaluations: in time 0.5 to 0.64 was measured, in multiplications
it is a third (a gradient is a forward pass and a backward one of twice its work). One number for all, so that
neither a rate nor a verdict hangs on a clock."""


def to_target(runs: pd.DataFrame, history: pd.DataFrame, prices: pd.DataFrame, target: float) -> pd.DataFrame:
    """Return a row a run (index of `runs`): each of QUANTITIES `_to_target`.

    Never reached is infinite. Evaluations are those of the network (see `evaluations`). Seconds are both
    counts at their benchmarked prices; nan without a price.
    Evaluations before the first presentation do not count: nothing was learned by then.
    """
    reached = history[(history["validation_loss"] <= target) & (history["presentations"] > 0)]
    first = (
        reached.sort_values("presentations", kind="stable").drop_duplicates("identity").set_index("identity")
    )
    counts = first[COUNTS].astype(float).reindex(runs["identity"]).fillna(np.inf).set_axis(runs.index)
    return _quantities(counts, runs["n_train"], prices).add_suffix("_to_target")


def spent(runs: pd.DataFrame) -> pd.DataFrame:
    """Return what whole runs took, a column for each of QUANTITIES. `runs` as of a study."""
    return _quantities(runs[COUNTS].astype(float), runs["n_train"], runs)


def evaluations(counts: pd.DataFrame) -> pd.Series:
    """Return the evaluations of the network: gradient evaluations, and FORWARD of one for a forward one."""
    return counts["gradient_evaluations"] + FORWARD * counts["forward_evaluations"]


def _quantities(counts: pd.DataFrame, n_train: pd.Series, prices: pd.DataFrame) -> pd.DataFrame:
    # inf * 0 would be nan; a run without checks has none to price.
    checks = counts["forward_evaluations"].where(counts["forward_evaluations"] > 0, 0.0)
    seconds = counts["gradient_evaluations"] * prices["gradient_us"] + checks * prices["forward_us"]
    return pd.DataFrame(
        {
            "epochs": counts["presentations"] / n_train,
            "updates": counts["updates"],
            "gradient_evaluations": counts["gradient_evaluations"],
            "evaluations": evaluations(counts),
            "seconds": seconds / 1e6,
        }
    )
