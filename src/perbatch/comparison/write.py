"""The files of FOLDER/evaluate: the same bytes from the same tables."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from perbatch.comparison.compare import Findings
from perbatch.comparison.curves import loss_curves, rate_curves
from perbatch.comparison.metrics import flat_metrics


def write_tables(findings: Findings, folder: Path) -> None:
    """Write comparison.csv, curves.csv, rates.csv and metrics.json into `folder` (made if missing)."""
    folder.mkdir(parents=True, exist_ok=True)
    _write_csv(all_results(findings), folder / "comparison.csv")
    _write_csv(loss_curves(findings), folder / "curves.csv")
    _write_csv(rate_curves(findings), folder / "rates.csv")
    metrics = json.dumps(flat_metrics(findings), indent=2, allow_nan=False)
    (folder / "metrics.json").write_text(metrics + "\n", encoding="utf-8", newline="\n")


def all_results(findings: Findings) -> pd.DataFrame:
    """Return the comparison at each target, then at the rates chosen for the end of training (no target)."""
    parts = [each.comparison for each in findings.each]
    table = (
        pd.concat([*parts, findings.final], ignore_index=True) if len(findings.final) else pd.concat(parts)
    )
    return table.drop(columns="contender")


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    table.to_csv(path, index=False, float_format="%.6g", lineterminator="\n")
