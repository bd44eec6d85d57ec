"""The files of FOLDER/evaluate: the same bytes from the same tables."""

import json
from pathlib import Path

import pandas as pd

from perbatch.analysis.columns import columns_of
from perbatch.analysis.contenders import CONTENDER
from perbatch.analysis.curves import loss_curves, rate_curves
from perbatch.analysis.metrics import flat_metrics
from perbatch.analysis.pairs import pairs
from perbatch.analysis.repeats import repeats
from perbatch.analysis.results import Results
from perbatch.analysis.stability import stability
from perbatch.analysis.stable_rates import stable_ranges
from perbatch.files import replace


def write_tables(results: Results, folder: Path) -> None:
    """Write the tables of docs/tables.md and metrics.json into `folder` (made if missing)."""
    for name, table in result_tables(results).items():
        replace(folder / name, table.to_csv(index=False, float_format="%.6g", lineterminator="\n"))
    metrics = json.dumps(flat_metrics(results), indent=2, allow_nan=False)
    replace(folder / "metrics.json", metrics + "\n")


def result_tables(results: Results) -> dict[str, pd.DataFrame]:
    """Return what evaluation exports, by file name; a score that the task does not have is left out."""
    ranges = stable_ranges(results.sweep).rename(columns={"low": "stable_low", "high": "stable_high"})
    ranges = ranges.drop(columns=[*CONTENDER, "way"])
    tables = {
        "comparison.csv": all_results(results),
        "pairs.csv": pairs(results),
        "stability.csv": stability(results).merge(ranges, on="contender", how="left"),
        "repeats.csv": repeats(results),
        "curves.csv": loss_curves(results),
        "rates.csv": rate_curves(results),
    }
    absent = "test_accuracy" if results.sweep.regression else "test_r2"
    return {
        name: table[[column for column in columns_of(name) if not column.startswith(absent)]]
        for name, table in tables.items()
    }


def all_results(results: Results) -> pd.DataFrame:
    """Return the comparison at each target, then at the rates chosen for the end of training (no target)."""
    parts = [each.comparison for each in results.each]
    if results.ending:
        ending = results.ending.comparison
        parts.append(ending.drop(columns=[name for name in ending if "target" in name or "reached" in name]))
    return pd.concat(parts, ignore_index=True)
