"""Time to target: the first evaluation at which the validation loss is at most the target."""

from __future__ import annotations

import numpy as np
import pandas as pd

COUNTS = ["presentations", "updates", "gradient_evaluations", "forward_evaluations"]
QUANTITIES = ["epochs", "updates", "gradient_evaluations", "seconds"]


def to_target(runs: pd.DataFrame, history: pd.DataFrame, prices: pd.DataFrame, target: float) -> pd.DataFrame:
    """Return a row a run (index of `runs`): epochs, updates, gradient evaluations and seconds `_to_target`.

    Never reached is infinite. Seconds are both counts at their benchmarked prices; nan without a price.
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


def _quantities(counts: pd.DataFrame, n_train: pd.Series, prices: pd.DataFrame) -> pd.DataFrame:
    # inf * 0 would be nan; a run without checks has none to price.
    checks = counts["forward_evaluations"].where(counts["forward_evaluations"] > 0, 0.0)
    seconds = counts["gradient_evaluations"] * prices["gradient_us"] + checks * prices["forward_us"]
    return pd.DataFrame(
        {
            "epochs": counts["presentations"] / n_train,
            "updates": counts["updates"],
            "gradient_evaluations": counts["gradient_evaluations"],
            "seconds": seconds / 1e6,
        }
    )
