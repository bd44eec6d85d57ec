"""What a run spent up to its first evaluation that meets a target, and how it ended.

Training seconds to a target, end to end: a run's evaluations with their counts stand in history.csv; here the
counts at the first one at the target are multiplied by microseconds per evaluation, which `price_runs` takes
from the benchmark's throughput.csv (`perbatch.timing.measure`: medians of many timings), interpolated in
batch size; `results.estimates` then takes the geometric mean over the reported seeds. No clock of a run has a
part in it: that one is MLflow's `final/training_seconds`.
"""

import numpy as np
import pandas as pd

from perbatch.columns import COUNTS, PRICED

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
    """Return what whole runs took, a column for each of QUANTITIES. `runs` as of a sweep."""
    return _quantities(runs[COUNTS].astype(float), runs["n_train"], runs)


def evaluations(counts: pd.DataFrame) -> pd.Series:
    """Return the evaluations of the network: gradient evaluations, and FORWARD of one for a forward one."""
    return counts["gradient_evaluations"] + FORWARD * counts["forward_evaluations"]


def last_loss(runs: pd.DataFrame) -> pd.Series:
    """Return the validation loss that each run ended at, infinite where it did not finish: what breaks ties.

    Evaluation, which has the histories, counts a run as lost too that ended above its start (see `Sweep`).
    """
    return runs["validation_loss"].where(runs["status"] == "finished", np.inf).fillna(np.inf)


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


PRICES = ("gradient_us", "forward_us")
SETTING = [key for key in PRICED if key != "batch_size"]


def measured(throughput: pd.DataFrame, run: pd.Series) -> pd.DataFrame:
    """Return the benchmark's rows for the setting of `run` (any batch size), sorted by batch size."""
    same = pd.Series(True, index=throughput.index)
    for key in SETTING:
        empty = pd.isna(run[key])
        same &= throughput[key].isna() if empty else throughput[key] == run[key]
    return throughput[same].sort_values("batch_size")


def price(rows: pd.DataFrame, batch_size: int) -> tuple[float, float]:
    """Microseconds per gradient and per forward evaluation at `batch_size`; nan outside what was measured.

    Between two measured sizes both follow a straight line in log-log.
    """
    if rows.empty or not rows["batch_size"].min() <= batch_size <= rows["batch_size"].max():
        return np.nan, np.nan
    at, sizes = np.log(batch_size), np.log(rows["batch_size"].to_numpy(float))
    gradient, forward = (
        float(np.exp(np.interp(at, sizes, np.log(rows[column].to_numpy(float))))) for column in PRICES
    )
    return gradient, forward


def price_runs(runs: pd.DataFrame, throughput: pd.DataFrame) -> pd.DataFrame:
    """Return columns gradient_us and forward_us for each run (nan where the benchmark has no such row)."""
    prices = pd.DataFrame(dict.fromkeys(PRICES, np.nan), index=runs.index)
    for _, alike in runs.groupby(PRICED, dropna=False):
        rows = measured(throughput, alike.iloc[0])
        prices.loc[alike.index, list(PRICES)] = price(rows, int(alike.iloc[0]["batch_size"]))
    return prices
