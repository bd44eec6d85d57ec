"""Stage `study`: one study's evidence, from data and a sweep of its own: results/study/NAME/evidence.csv.

The sweep is `python pipelines/train.py -m experiment=NAME`; what is complete in runs/ is reused. A study that
params.yaml does not name goes to results/experiment/NAME/ instead, and is skipped where its data are missing.
"""

import checkout  # isort: skip

import argparse
import logging
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd

from perbatch import claims, report
from perbatch.errors import UserError
from perbatch.runs.places import PREPARED
from perbatch.runs.scoring import Weights, constant_losses, on_test_data
from perbatch.sweep.cli import command
from perbatch.sweep.gradients import measure_gradients
from perbatch.sweep.params import study_names
from perbatch.sweep.studies import prepare_data, study_block

RESULTS = checkout.ROOT / "results"
log = logging.getLogger(__name__)


def main(name: str) -> None:
    """Prepare the study's data, run its sweep, write its evidence and say the verdict."""
    claim = claims.check_claim(name, study_block(name), report.CLAIM_FIGURES)
    if claim.evidence == "benchmark":
        raise UserError(f"{name} is judged from results/benchmark/throughput.csv and runs nothing")
    os.chdir(checkout.ROOT)  # paths of data are relative to it, as DVC's are
    named = name in study_names()
    try:
        prepare_data(name)
    except UserError as error:
        if named:
            raise
        log.warning("%s is skipped, its data are missing: %s", name, error)
        return
    tables = RESULTS / "experiment" / name / "train"
    run_sweep(name, tables)
    path = RESULTS / ("study" if named else "experiment") / name / "evidence.csv"
    claims.write_evidence(evidence_of(claim, tables), path)
    log.info("%s", report.verdict_sentence(claims.judge(claims.read_evidence(claim, path))))


def run_sweep(name: str, tables: Path) -> None:
    """Run the study's sweep as a user does, in a process of its own; end as it ends where it fails."""
    script = checkout.ROOT / "pipelines" / "train.py"
    arguments = ["-m", f"experiment={name}", f"sweep.results='{tables}'"]
    sweep = subprocess.Popen([sys.executable, script, *arguments])
    try:
        status = sweep.wait()
    except KeyboardInterrupt:
        sweep.wait()  # Ctrl-C reached it too: it ends its runs first
        raise
    if status:
        sys.exit(status)


def evidence_of(claim: claims.Claim, tables: Path) -> pd.DataFrame:
    """Make the evidence from the sweep's tables; only the runs that were chosen see the test data."""
    runs, history = (pd.read_csv(tables / name) for name in ("runs.csv", "history.csv"))
    weights = Weights(tables)
    if claim.evidence == "gradients":
        return measure_gradients(runs, weights, PREPARED / runs["data"].iloc[0])
    if claim.evidence == "own_targets":
        runs["constant_loss"] = constant_losses(runs, PREPARED)
    table = claims.from_sweep(claim, runs, history)
    chosen = runs[runs["identity"].isin(claims.chosen_runs(claims.Evidence(claim, table)))]
    tested = [on_test_data(part, weights, PREPARED / str(data)) for data, part in chosen.groupby("data")]
    scores = pd.concat(tested).drop(columns="test_loss").dropna(axis=1, how="all")
    return table.merge(scores, on="identity", how="left").drop(columns="identity")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", metavar="NAME", help="a file of conf/experiment/ with a block study:")
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    arguments = parser.parse_args()
    command(lambda: main(arguments.name))
