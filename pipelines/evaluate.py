"""Compare the update modes: FOLDER/train and results/benchmark in, FOLDER/evaluate out."""

import checkout  # isort: skip

import argparse
import sys
from pathlib import Path

import numpy as np

from perbatch import comparison
from perbatch.errors import UserError
from perbatch.sweep.params import block
from perbatch.sweep.places import PREPARED
from perbatch.sweep.testing import on_test_data, summary_of


def findings_of(folder: Path) -> comparison.Findings:
    """Choose the rates on validation data, test the chosen runs once, and compare."""
    settings = comparison.check_settings(block("evaluate"))
    tables = comparison.read_tables(folder / "train", checkout.ROOT / "results" / "benchmark")
    study = comparison.build_study(tables, settings)
    choices = comparison.choose_all(study)
    reported = comparison.reported_runs(study, choices)
    weights = read_weights(folder / "train" / "weights.npy", len(study.runs))
    tested = on_test_data(reported, weights[reported.index], PREPARED / study.data)
    return comparison.compare(study, choices, tested, summary_of(PREPARED / study.data))


def main(folder: Path) -> None:
    """Write the tables and the report."""
    findings = findings_of(folder)
    comparison.write_tables(findings, folder / "evaluate")
    comparison.write_report(findings, folder / "evaluate")


def read_weights(path: Path, runs: int) -> np.ndarray:
    """Read the final weights, a row a run of runs.csv."""
    try:
        weights = np.load(path, mmap_mode="r")  # the chosen runs' rows alone are read
    except (OSError, ValueError, EOFError) as error:
        raise UserError(f"{path} cannot be read ({error}): run the stage train again") from None
    if weights.ndim != 2 or len(weights) != runs:
        raise UserError(
            f"{path} has {len(weights)} rows for the {runs} runs of runs.csv: they are not of one sweep"
        )
    return weights


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=checkout.ROOT / "results", metavar="FOLDER")
    try:
        main(parser.parse_args().folder)
    except UserError as error:
        sys.exit(f"error: {error}")
