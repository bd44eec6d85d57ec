"""Training seconds from counts: the benchmark's microseconds per evaluation, interpolated in batch size."""

from __future__ import annotations

import numpy as np
import pandas as pd

from perbatch.comparison.targets import FORWARD
from perbatch.comparison.wording import number

PRICES = ("gradient_us", "forward_us")
SETTING = ["engine", "dtype", "sizes", "loss", "activation", "micro_batch_size"]


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


def evaluations_sentence(rows: pd.DataFrame) -> str:
    """Say what an evaluation of the network is, and why a forward pass counts as FORWARD of one.

    `rows`: the benchmark's for the network (see `measured`), empty where there are none.
    """
    text = (
        "All modes are compared by their evaluations of the network, and each learning rate is chosen by "
        f"them: the gradient of one example counts as one, a forward pass without a gradient as {FORWARD:g}. "
        "Counted in multiplications that pass is a third of a gradient, which is a forward pass and a "
        "backward one of twice its work"
    )
    if rows.empty:
        return f"{text}; in time, 0.5 to 0.64 of one was measured for another network, the digits' one."
    shares = rows["forward_us"] / rows["gradient_us"]
    return (
        f"{text}; in time the benchmark measured {number(shares.min(), 2)} to {number(shares.max(), 2)} of "
        "one for this network. The number is fixed, so that no clock decides."
    )


def price_runs(runs: pd.DataFrame, throughput: pd.DataFrame) -> pd.DataFrame:
    """Return columns gradient_us and forward_us for each run (nan where the benchmark has no such row)."""
    prices = pd.DataFrame(dict.fromkeys(PRICES, np.nan), index=runs.index)
    for _, alike in runs.groupby([*SETTING, "batch_size"], dropna=False):
        rows = measured(throughput, alike.iloc[0])
        prices.loc[alike.index, list(PRICES)] = price(rows, int(alike.iloc[0]["batch_size"]))
    return prices
