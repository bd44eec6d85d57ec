"""Memory against stability: how often an update makes things worse, how far seeds lie apart."""

from dataclasses import replace

import numpy as np
import pandas as pd

from perbatch.analysis.contenders import CONTENDER
from perbatch.analysis.results import Results, fact
from perbatch.analysis.statistics import Estimate, mean_interval, spread_interval


@fact
def stability(results: Results) -> pd.DataFrame:
    """Return a row a contender, at the rate chosen for the target, over its n reported seeds.

    raising: share of the updates that raise the full training loss (mean over seeds), sampled at the
    evaluations, of each the very next update; diverged seeds speak for the evaluations before they end.
    spread: standard deviation over seeds of log10 of the final validation loss; empty where one diverged.
    Both with _low, _high and _kind. peak_bytes: the benchmark's peak memory for that batch size, and
    accumulated_bytes with chunks of accumulated_chunk examples, which gives the same update (the smallest
    such peak); empty where it was not measured.
    """
    shares, measured = raising_shares(results.sweep.history), results.sweep.memory
    rows = []
    for _, row in results.comparison.iterrows():
        runs = results.runs_of(row)
        raising = _within_one(mean_interval(runs["identity"].map(shares).dropna()))
        spread = spread_interval(np.log10(runs["final_loss"]))
        rows.append(
            {
                **{key: row[key] for key in [*CONTENDER, "contender", "way", "learning_rate", "n"]},
                **raising.columns("raising"),
                "raising_kind": raising.kind,
                **spread.columns("spread"),
                "spread_kind": spread.kind,
                **_memory(measured, runs),
            }
        )
    return pd.DataFrame(rows)


def raising_shares(history: pd.DataFrame) -> pd.Series:
    """Return by identity the share of the sampled updates that raised the full training loss.

    Samples are the evaluations at which the loss after the next update is known (next_update_change).
    """
    known = history[history["next_update_change"].notna()]
    return (known["next_update_change"] > 0).groupby(known["identity"]).mean()


def _within_one(share: Estimate) -> Estimate:
    """Cut an interval where a share ends: at 0 and 1."""
    low, high = (float(np.clip(end, 0.0, 1.0)) for end in (share.low, share.high))
    return replace(share, low=low, high=high)


def _memory(measured: pd.DataFrame, runs: pd.DataFrame) -> dict[str, float]:
    """Peak bytes as the runs were trained, and the smallest with accumulation."""
    if runs.empty:
        return {name: np.nan for name in ("peak_bytes", "accumulated_bytes", "accumulated_chunk")}
    run = runs.iloc[0]
    here = measured[measured["batch_size"] == run["batch_size"]]
    chunk = here["micro_batch_size"]
    own = chunk.isna() if pd.isna(run["micro_batch_size"]) else chunk == run["micro_batch_size"]
    least = here[chunk.notna()].sort_values("peak_bytes").head(1)
    return {
        "peak_bytes": float(here.loc[own, "peak_bytes"].min()),
        "accumulated_bytes": float(least["peak_bytes"].min()),
        "accumulated_chunk": float(least["micro_batch_size"].min()),
    }
