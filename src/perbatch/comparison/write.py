"""The files of FOLDER/evaluate: the same bytes from the same tables."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from perbatch.comparison.compare import Findings
from perbatch.comparison.curves import loss_curves, rate_curves
from perbatch.comparison.faster import faster
from perbatch.comparison.metrics import flat_metrics
from perbatch.comparison.ranges import stable_ranges
from perbatch.comparison.repeats import repeats
from perbatch.comparison.stability import stability
from perbatch.files import replace

RANGE = ["contender", "stable_low", "stable_high", "octaves", "gaps", "open_low", "open_high", "rates_tried"]


def write_tables(findings: Findings, folder: Path) -> None:
    """Write the tables of docs/tables.md and metrics.json into `folder` (made if missing)."""
    for name, table in result_tables(findings).items():
        replace(folder / name, table.to_csv(index=False, float_format="%.6g", lineterminator="\n"))
    metrics = json.dumps(flat_metrics(findings), indent=2, allow_nan=False)
    replace(folder / "metrics.json", metrics + "\n")


def result_tables(findings: Findings) -> dict[str, pd.DataFrame]:
    """Return what evaluation exports, by file name."""
    ranges = stable_ranges(findings.study).rename(columns={"low": "stable_low", "high": "stable_high"})
    steady = stability(findings).merge(ranges[RANGE], on="contender", how="left")
    return {
        "comparison.csv": all_results(findings).drop(columns="contender"),
        "pairs.csv": faster(findings),
        "stability.csv": steady.drop(columns="contender"),
        "repeats.csv": repeats(findings).drop(columns="contender"),
        "curves.csv": loss_curves(findings),
        "rates.csv": rate_curves(findings),
    }


def all_results(findings: Findings) -> pd.DataFrame:
    """Return the comparison at each target, then at the rates chosen for the end of training (no target)."""
    parts = [each.comparison for each in findings.each]
    if findings.ending:
        ending = findings.ending.comparison
        parts.append(ending.drop(columns=[name for name in ending if "target" in name or "reached" in name]))
    return pd.concat(parts, ignore_index=True)
