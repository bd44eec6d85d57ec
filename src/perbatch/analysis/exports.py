"""The tables of FOLDER/evaluate and metrics.json: the same bytes from the same tables."""

from pathlib import Path

import pandas as pd

from perbatch.analysis.columns import columns_of
from perbatch.analysis.contenders import CONTENDER
from perbatch.analysis.contrasts import contrast
from perbatch.analysis.curves import loss_curves, rate_curves
from perbatch.analysis.fastest import fastest
from perbatch.analysis.pairs import pairs
from perbatch.analysis.repeats import repeats
from perbatch.analysis.representatives import REPRESENTATIVES, repeat_and_plain, representatives
from perbatch.analysis.results import Results
from perbatch.analysis.stability import stability
from perbatch.analysis.stable_rates import stable_ranges
from perbatch.analysis.statistics import no_value, rounded
from perbatch.analysis.variants import stacked, variants
from perbatch.files import replace, replace_json


def write_tables(results: Results, folder: Path) -> None:
    """Write the tables of docs/tables.md and metrics.json into `folder` (made if missing)."""
    for name, table in result_tables(results).items():
        replace(folder / name, table.to_csv(index=False, float_format="%.6g", lineterminator="\n"))
    replace_json(folder / "metrics.json", flat_metrics(results))


def result_tables(results: Results) -> dict[str, pd.DataFrame]:
    """Return what evaluation exports, by file name, without columns that do not apply.

    A score that the task does not have is left out, and the variant where nothing was swept beside the modes.
    """
    parts = [_tables(each) for each in variants(results)]
    tables = {name: stacked([part[name] for part in parts]) for name in parts[0]}
    score = "test_accuracy" if results.sweep.regression else "test_r2"
    absent = (score, "variant") if len(parts) == 1 else (score,)
    return {
        name: table[[column for column in columns_of(name) if not column.startswith(absent)]]
        for name, table in (tables | {"pairs.csv": pairs(results)}).items()
    }


def _tables(results: Results) -> dict[str, pd.DataFrame]:
    """The tables of contenders, of one value of what was swept beside the modes."""
    ranges = stable_ranges(results.sweep).rename(columns={"low": "stable_low", "high": "stable_high"})
    ranges = ranges.drop(columns=[*CONTENDER, "way"])
    return {
        "comparison.csv": all_results(results),
        "stability.csv": stability(results).merge(ranges, on="contender", how="left"),
        "repeats.csv": repeats(results),
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


def flat_metrics(results: Results) -> dict[str, float | int | None]:
    """Return the few numbers of `dvc metrics show` and `diff`, by keys that are the same whatever was run.

    For each mode its score on test data, its validation loss at the end and its epochs to the target; the
    batch size that took the least training time (see `fastest`); how many times the evaluations of going on
    the repeat mode takes, paired by seed; and how many runs there were. All else is in the tables. None where
    a mode was not run, did not reach the target, or has no price. Six significant digits: beyond them
    processors may differ. Where one thing more was swept, all is about its first value.
    """
    results = variants(results)[0]
    rows, quickest, pair = representatives(results), fastest(results, "seconds"), repeat_and_plain(results)
    result: dict[str, float | int | None] = {
        f"{name}_{quantity}": rounded(rows[name][quantity]) if name in rows else None
        for name in REPRESENTATIVES
        for quantity in (f"test_{results.sweep.score}", "validation_loss", "epochs_to_target")
    }
    result["fastest_batch_size"] = None if quickest is None else int(quickest.row["batch_size"])
    ratio = no_value(0) if pair is None else contrast(results, *pair, "evaluations").ratio.inverse
    result["repeat_over_plain_evaluations"] = rounded(ratio.value)
    status = results.sweep.runs["status"]
    result["runs"] = len(status)
    result["diverged"] = int((status == "diverged").sum())
    result["failed"] = int((status == "failed").sum())
    return result
