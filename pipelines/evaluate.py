"""Compare the update modes: FOLDER/train and results/benchmark in, FOLDER/evaluate out."""

import checkout  # isort: skip

import argparse
import logging
import os
from pathlib import Path

import numpy as np

from perbatch import comparison
from perbatch.comparison import studies
from perbatch.errors import UserError
from perbatch.sweep.cell import data_name
from perbatch.sweep.cli import command
from perbatch.sweep.params import block, study_names
from perbatch.sweep.places import PREPARED
from perbatch.sweep.studies import data_option, study_block
from perbatch.sweep.testing import on_test_data, read_weights, summary_of

RESULTS = checkout.ROOT / "results"
log = logging.getLogger(__name__)


def findings_of(folder: Path) -> comparison.Findings:
    """Choose the rates on validation data, test the chosen runs once, and compare."""
    settings = comparison.check_settings(block("evaluate"))
    tables = comparison.read_tables(folder / "train", RESULTS / "benchmark")
    prepared = PREPARED / tables.data
    summary = summary_of(prepared)
    study = comparison.build_study(tables, settings, np.load(prepared / "y_train.npy"))
    choices = comparison.choose_all(study)
    reported = comparison.reported_runs(study, choices)
    weights = read_weights(folder / "train" / "weights.npy", len(study.runs))
    tested = on_test_data(reported, weights[reported.index], prepared)
    return comparison.compare(study, choices, tested, summary | {"name": data_name(summary["settings"])})


def main(folder: Path) -> None:
    """Write the tables and the report; the pipeline's own shows the studies too."""
    findings = findings_of(folder)
    comparison.write_tables(findings, folder / "evaluate")
    comparison.write_champion(findings, folder / "evaluate")
    exhibits: list[studies.Exhibit] = []
    if folder.resolve() == RESULTS:
        judged = judge_studies()
        studies.write_verdicts([verdict for verdict, _ in judged], folder / "evaluate" / "verdicts.json")
        exhibits = [
            studies.exhibit(verdict, evidence, data_option(verdict.name)) for verdict, evidence in judged
        ]
    docs = Path(os.path.relpath(checkout.ROOT / "docs", folder / "evaluate")).as_posix()
    comparison.write_report(findings, folder / "evaluate", exhibits, docs)


def judge_studies() -> list[tuple[studies.Verdict, studies.Evidence | None]]:
    """Judge every study that params.yaml names; what is wrong with one is said, and the others go on."""
    judged = []
    for name in study_names():
        claim = evidence = None
        try:
            claim = studies.check_claim(name, study_block(name))
            tables = {"benchmark": RESULTS / "benchmark" / "throughput.csv"}
            path = tables.get(claim.evidence, RESULTS / "study" / name / "evidence.csv")
            evidence = studies.read_evidence(claim, path)
            verdict = studies.judge(evidence)
        except UserError as error:
            log.warning("not judged: %s", error)
            verdict = studies.unjudged(name, str(error), claim)
        judged.append((verdict, evidence))
    return judged


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=RESULTS, metavar="FOLDER")
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    folder = parser.parse_args().folder
    command(lambda: main(folder))
