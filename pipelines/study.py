"""Stage `study`: one study's evidence, from data and a sweep of its own: results/study/NAME/evidence.csv.

The sweep is `python pipelines/train.py -m experiment=NAME`; what is complete in runs/ is reused. A study
that params.yaml has under by_hand gets digest.txt beside it, of the code and config that made it; one that
it does not name goes to results/experiment/NAME/ instead. Both are skipped where their data are missing.
With --plan it trains nothing: it prints how many seeds the conditions need, for the study's file.
"""

import checkout  # isort: skip

import argparse
import logging
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd

from perbatch import claims, files, report
from perbatch.errors import UserError
from perbatch.runs.places import PREPARED
from perbatch.runs.scoring import Weights, constant_losses, on_test_data
from perbatch.sweep.cli import command
from perbatch.sweep.digests import of_study
from perbatch.sweep.gradients import measure_gradients
from perbatch.sweep.params import studies_by_hand, study_names, study_stages
from perbatch.sweep.studies import prepare_data, study_block, with_seeds

RESULTS = checkout.ROOT / "results"
log = logging.getLogger(__name__)


def main(name: str) -> None:
    """Prepare the study's data, run its sweep, write its evidence and say the verdict."""
    claim = claims.check_claim(name, study_block(name), report.CLAIM_FIGURES)
    if claim.evidence == "benchmark":
        raise UserError(f"{name} is judged from results/benchmark/throughput.csv and runs nothing")
    os.chdir(checkout.ROOT)  # paths of data are relative to it, as DVC's are
    try:
        prepare_data(name)
    except UserError as error:
        if name in study_stages():
            raise
        log.warning("%s is skipped, its data are missing: %s", name, error)
        return
    # before the sweep: of what it runs, not of what is edited meanwhile
    digest = of_study(name) if name in studies_by_hand() else None
    tables = run_sweeps(claim)
    path = folder_of(name) / "evidence.csv"
    claims.write_evidence(evidence_of(claim, tables), path)
    if digest is not None:
        files.replace(path.with_name("digest.txt"), f"{digest}\n")
    log.info("%s", report.verdict_sentence(claims.judge(claims.read_evidence(claim, path))))


def plan(name: str, at_most: int) -> None:
    """Print how many seeds judge the claim, from the spread of its pilot: the evidence before any plan."""
    block = study_block(name)
    if at_most < 2:
        raise UserError(f"--at-most {at_most}: must be at least 2; one seed has no interval")
    if block["evidence"] == "benchmark":
        raise UserError(f"{name} is judged from results/benchmark/throughput.csv, which has no seeds")
    claim = claims.check_claim(name, {**block, "plan": None}, report.CLAIM_FIGURES)
    pilot = RESULTS / "study" / name / "pilot.csv"  # committed with its plan, named in params.yaml or not
    if not pilot.exists() and block["plan"]:
        raise UserError(f"{name}: {pilot} is missing; without a pilot the number of seeds is yours to choose")
    if not pilot.exists():
        evidence = claims.read_evidence(claim, folder_of(name) / "evidence.csv")
        claims.write_evidence(evidence.table, pilot)
    sys.stdout.write(claims.plan_text(claims.read_evidence(claim, pilot), block, at_most))


def folder_of(name: str) -> Path:
    """Return where a study's evidence lies."""
    return RESULTS / ("study" if name in study_names() else "experiment") / name


def run_sweeps(claim: claims.Claim) -> list[Path]:
    """Run the study's sweep, then what it chose with the seeds that judge; return the tables' folders."""
    folder = RESULTS / "experiment" / claim.name
    first, second = folder / "train", folder / "judge"
    run_sweep(claim.name, first)
    if claim.plan is None or not claim.tuning_seeds:
        return [first]
    runs, history = read(claim, [first])
    chosen = claims.chosen_tuning_runs(claims.Evidence(claim, claims.from_sweep(claim, runs, history)))
    places = runs.index[runs["identity"].isin(chosen)]
    run_sweep(claim.name, second, with_seeds(claim.name, places, len(runs), claim.plan.seeds))
    return [first, second]


def run_sweep(name: str, tables: Path, *overrides: str) -> None:
    """Run a sweep of the study as a user does, in a process of its own; end as it ends where it fails."""
    script = checkout.ROOT / "pipelines" / "train.py"
    arguments = ["-m", f"experiment={name}", f"sweep.results='{tables}'", *overrides]
    sweep = subprocess.Popen([sys.executable, script, *arguments])
    try:
        status = sweep.wait()
    except KeyboardInterrupt:
        sweep.wait()  # Ctrl-C reached it too: it ends its runs first
        raise
    if status:
        sys.exit(status)


def read(claim: claims.Claim, tables: list[Path]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the runs of a study's sweeps, each once, with what its evidence needs, and their histories."""
    runs = pd.concat([pd.read_csv(folder / "runs.csv") for folder in tables], ignore_index=True)
    history = pd.concat([pd.read_csv(folder / "history.csv") for folder in tables], ignore_index=True)
    runs, history = runs.drop_duplicates("identity"), history.drop_duplicates(["identity", "presentations"])
    if claim.evidence == "own_targets":
        runs = runs.assign(constant_loss=constant_losses(runs, PREPARED))
    return runs, history


def evidence_of(claim: claims.Claim, tables: list[Path]) -> pd.DataFrame:
    """Make the evidence from the sweeps' tables; only the runs that were chosen see the test data."""
    runs, history = read(claim, tables)
    if claim.evidence == "gradients":
        return measure_gradients(runs, Weights(tables[0]), PREPARED / runs["data"].iloc[0])
    table = claims.from_sweep(claim, runs, history)
    chosen = runs[runs["identity"].isin(claims.chosen_runs(claims.Evidence(claim, table)))]
    weights = Weights(tables[-1])
    tested = [on_test_data(part, weights, PREPARED / str(data)) for data, part in chosen.groupby("data")]
    scores = pd.concat(tested).drop(columns="test_loss").dropna(axis=1, how="all")
    return table.merge(scores, on="identity", how="left").drop(columns="identity")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", metavar="NAME", help="a file of conf/experiment/ with a block study:")
    parser.add_argument("--plan", action="store_true", help="say how many seeds it needs, and train nothing")
    parser.add_argument(
        "--at-most", type=int, default=60, metavar="N", help="the most seeds that a plan may have"
    )
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    arguments = parser.parse_args()
    command(lambda: plan(arguments.name, arguments.at_most) if arguments.plan else main(arguments.name))
