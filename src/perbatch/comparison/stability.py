"""Memory against stability: how often an update makes things worse, how far seeds lie apart."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pandas as pd

from perbatch.comparison.compare import Findings, at_one_rate
from perbatch.comparison.labels import CONTENDER, ONCE
from perbatch.comparison.reproduce import memory_rows
from perbatch.comparison.statistics import Estimate, mean_interval, paired_difference, spread_interval
from perbatch.comparison.wording import interval_kind, listed, number, rate, share


def stability(findings: Findings) -> pd.DataFrame:
    """Return a row a contender, at the rate chosen for the target, over its n reported seeds.

    raising: share of the updates that raise the full training loss (mean over seeds), sampled at the
    evaluations, of each the very next update; diverged seeds speak for the evaluations before they end.
    spread: standard deviation over seeds of log10 of the final validation loss; empty where one diverged.
    Both with _low, _high and _kind. peak_bytes: the benchmark's peak memory for that batch size, and
    accumulated_bytes with chunks of accumulated_chunk examples, which gives the same update (the smallest
    such peak); empty where it was not measured.
    """
    shares, measured = raising_shares(findings.study.history), memory_rows(findings)
    rows = []
    for _, row in findings.comparison.iterrows():
        runs = findings.reported[findings.reported["contender"] == row["contender"]]
        mine = runs["identity"].map(shares)
        rows.append(
            {
                **{key: row[key] for key in [*CONTENDER, "contender", "way", "learning_rate", "n"]},
                **_columns("raising", _within_one(mean_interval(mine.dropna()))),
                **_columns("spread", spread_interval(np.log10(runs["final_loss"]))),
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


def stability_sentence(findings: Findings) -> str:
    """Say what share of the updates raised the loss: at one learning rate, then at each size's own.

    The first alone speaks of the batch size; chosen rates differ from size to size.
    """
    table = stability(findings)
    plain = table[(table["way"] == ONCE) & table["raising"].notna()].sort_values("batch_size")
    if len(plain) < 2:
        return ""
    sizes = listed([f"{size:,}" for size in plain["batch_size"]])
    shares = listed([share(value) for value in plain["raising"]])
    own = (
        f"At their own chosen rates, the batch sizes {sizes} raised the full training loss by {shares} of "
        "their updates (means over the reported seeds): there the rate changes too."
    )
    return f"{_at_one_rate(findings, plain.iloc[0], plain.iloc[-1])} {own}".strip()


def _at_one_rate(findings: Findings, first: pd.Series, last: pd.Series) -> str:
    """The smallest and the largest batch at the rate of the smallest, paired by seed."""
    rate_of = float(first["learning_rate"])
    runs = at_one_rate(findings, rate_of).reported
    shares = runs.set_index("identity", drop=False)["identity"].map(raising_shares(findings.study.history))
    runs = runs.assign(raising=shares.to_numpy())
    a, b = (
        runs[runs["contender"] == row["contender"]].set_index("seed")["raising"].dropna()
        for row in (first, last)
    )
    seeds = a.index.intersection(b.index).sort_values()
    if not len(seeds):
        return ""
    difference = paired_difference(a.loc[seeds], b.loc[seeds])
    sizes = [f"M = {int(row['batch_size']):,}" for row in (first, last)]
    found = (
        f"at one learning rate ({rate(rate_of)}) the full training loss was raised by "
        f"{share(a.loc[seeds].mean())} of the updates at {sizes[0]} and by {share(b.loc[seeds].mean())} at "
        f"{sizes[1]}"
    )
    if not difference.has_interval:
        return f"{found[0].upper()}{found[1:]}, which is no evidence: n = {len(seeds)}."
    ends = f"{number(difference.low * 100, 2)} to {number(difference.high * 100, 2)} percentage points"
    evidence = f"({interval_kind(difference)} of the difference {ends}, paired by seed, n = {len(seeds)})"
    if difference.low > 0:
        return f"The mean gradient of a larger batch points more steadily: {found} {evidence}."
    if difference.high < 0:
        return f"Here the larger batch was not the steadier one: {found} {evidence}."
    return f"No difference in steadiness was shown: {found} {evidence}."


def _within_one(share: Estimate) -> Estimate:
    """Cut an interval where a share ends: at 0 and 1."""
    low, high = (float(np.clip(end, 0.0, 1.0)) for end in (share.low, share.high))
    return replace(share, low=low, high=high)


def _columns(name: str, estimate: Estimate) -> dict[str, object]:
    values = asdict(estimate)
    return {name: values["value"], **{f"{name}_{part}": values[part] for part in ("low", "high", "kind")}}


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
