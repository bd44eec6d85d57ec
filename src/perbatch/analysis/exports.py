"""The files of FOLDER/evaluate: the same bytes from the same tables."""

import json
from pathlib import Path

import pandas as pd

from perbatch.analysis.curves import loss_curves, rate_curves
from perbatch.analysis.metrics import flat_metrics
from perbatch.analysis.pairs import pairs
from perbatch.analysis.repeats import repeats
from perbatch.analysis.results import Results
from perbatch.analysis.stability import stability
from perbatch.analysis.stable_rates import stable_ranges
from perbatch.files import replace

RANGE = ["contender", "stable_low", "stable_high", "octaves", "gaps", "open_low", "open_high", "rates_tried"]


def write_tables(results: Results, folder: Path) -> None:
    """Write the tables of docs/tables.md and metrics.json into `folder` (made if missing)."""
    for name, table in result_tables(results).items():
        replace(folder / name, table.to_csv(index=False, float_format="%.6g", lineterminator="\n"))
    metrics = json.dumps(flat_metrics(results), indent=2, allow_nan=False)
    replace(folder / "metrics.json", metrics + "\n")


def result_tables(results: Results) -> dict[str, pd.DataFrame]:
    """Return what evaluation exports, by file name."""
    ranges = stable_ranges(results.sweep).rename(columns={"low": "stable_low", "high": "stable_high"})
    steady = stability(results).merge(ranges[RANGE], on="contender", how="left")
    return {
        "comparison.csv": all_results(results).drop(columns="contender"),
        "pairs.csv": pairs(results),
        "stability.csv": steady.drop(columns="contender"),
        "repeats.csv": repeats(results).drop(columns="contender"),
        "curves.csv": loss_curves(results),
        "rates.csv": rate_curves(results),
    }


def all_results(results: Results) -> pd.DataFrame:
    """Return the comparison at each target, then at the rates chosen for the end of training (no target)."""
    parts = [each.comparison for each in results.each]
    if results.ending:
        ending = results.ending.comparison
        parts.append(ending.drop(columns=[name for name in ending if "target" in name or "reached" in name]))
    return pd.concat(parts, ignore_index=True)
