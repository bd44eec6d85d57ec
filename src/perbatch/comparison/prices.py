"""Training seconds from counts: the benchmark's microseconds per evaluation, interpolated in batch size."""

from __future__ import annotations

import numpy as np
import pandas as pd

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


def price_runs(runs: pd.DataFrame, throughput: pd.DataFrame) -> pd.DataFrame:
    """Return columns gradient_us and forward_us for each run (nan where the benchmark has no such row)."""
    prices = pd.DataFrame(dict.fromkeys(PRICES, np.nan), index=runs.index)
    for _, alike in runs.groupby([*SETTING, "batch_size"], dropna=False):
        rows = measured(throughput, alike.iloc[0])
        prices.loc[alike.index, list(PRICES)] = price(rows, int(alike.iloc[0]["batch_size"]))
    return prices
