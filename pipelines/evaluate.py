"""Compare the update modes: FOLDER/train and results/benchmark in, FOLDER/evaluate out."""

import checkout  # noqa: F401  isort: skip

import argparse
import sys
from pathlib import Path

import numpy as np
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from perbatch import comparison
from perbatch.errors import UserError
from perbatch.sweep.places import CHECKOUT, PARAMS, PREPARED
from perbatch.sweep.testing import on_test_data


def main(folder: Path) -> None:
    """Choose rates on validation data, test the chosen runs once, write tables and report."""
    settings = read_settings(PARAMS)
    tables = comparison.read_tables(folder / "train", CHECKOUT / "results" / "benchmark")
    study = comparison.build_study(tables, settings)
    choices = comparison.choose_rates(study)
    reported = comparison.reported_runs(study, choices)
    weights = read_weights(folder / "train" / "weights.npy", len(study.runs))
    tested = on_test_data(reported, weights[reported.index], PREPARED / study.data)
    findings = comparison.compare(study, choices, tested)
    comparison.write_tables(findings, folder / "evaluate")
    comparison.write_report(findings, folder / "evaluate")


def read_settings(path: Path) -> comparison.Settings:
    """Read and check the block `evaluate` of params.yaml."""
    try:
        params = OmegaConf.to_container(OmegaConf.load(path), resolve=True)
    except FileNotFoundError:
        raise UserError(f"{path} is missing: evaluate reads its targets from it") from None
    except (OSError, ValueError, OmegaConfBaseException) as error:
        raise UserError(f"{path} cannot be read: {error}") from None
    return comparison.check_settings(params.get("evaluate") if isinstance(params, dict) else None)


def read_weights(path: Path, runs: int) -> np.ndarray:
    """Read the final weights, a row a run of runs.csv."""
    try:
        weights = np.load(path)
    except (OSError, ValueError, EOFError) as error:
        raise UserError(f"{path} cannot be read ({error}): run the stage train again") from None
    if weights.ndim != 2 or len(weights) != runs:
        raise UserError(
            f"{path} has {len(weights)} rows for the {runs} runs of runs.csv: they are not of one sweep"
        )
    return weights


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=CHECKOUT / "results", metavar="FOLDER")
    try:
        main(parser.parse_args().folder)
    except UserError as error:
        sys.exit(f"error: {error}")
