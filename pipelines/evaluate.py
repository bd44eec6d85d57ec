"""Compare the update modes: FOLDER/train and results/benchmark in, FOLDER/evaluate out."""

import checkout  # isort: skip

import argparse
import logging
import os
import sys
from pathlib import Path

import numpy as np
from omegaconf import OmegaConf

from perbatch import advice, analysis, claims, report
from perbatch.errors import UserError
from perbatch.runs.places import PREPARED
from perbatch.runs.run import data_name
from perbatch.runs.scoring import Weights, on_test_data, summary_of
from perbatch.sweep.cli import command
from perbatch.sweep.params import block, studies_by_hand, study_names, study_stages
from perbatch.sweep.studies import data_option, study_block

RESULTS = checkout.ROOT / "results"
log = logging.getLogger(__name__)


def results_of(folder: Path) -> analysis.Results:
    """Choose the rates on validation data, test the chosen runs once, and compare."""
    settings = analysis.check_settings(block("evaluate"))
    tables = analysis.read_tables(folder / "train", RESULTS / "benchmark")
    prepared = PREPARED / tables.data
    summary = summary_of(prepared)
    sweep = analysis.build_sweep(tables, settings, np.load(prepared / "y_train.npy"))
    choices = analysis.choose_all(sweep)
    reported = analysis.reported_runs(sweep, choices)
    tested = on_test_data(reported, Weights(folder / "train"), prepared)
    return analysis.compare(sweep, choices, tested, summary | {"name": data_name(summary["settings"])})


def main(folder: Path) -> None:
    """Write the tables, the figures and the report; the pipeline's own shows the studies too."""
    results, out = results_of(folder), folder / "evaluate"
    analysis.write_tables(results, out)
    analysis.write_champion(results, out)
    exhibits: list[report.Exhibit] = []
    elsewhere = None
    if folder.resolve() == RESULTS:
        judged = judge_studies()
        claims.write_verdicts([verdict for verdict, _ in judged], out / "verdicts.json")
        elsewhere = claims.ratios_of(evidence for verdict, evidence in judged if verdict.findings)
        claims.write_ratios(elsewhere, out / "elsewhere.csv")
        exhibits = [
            report.exhibit(verdict, evidence, data_option(name), command_of(name), outdated(name))
            for name, (verdict, evidence) in zip(study_names(), judged, strict=True)
        ]
    said = report.statements(results, elsewhere)
    report.write_statements(said, out)
    report.write_figures(results, out / "figures")
    docs = Path(os.path.relpath(checkout.ROOT / "docs", out)).as_posix()
    report.write_report(results, said, out, exhibits, docs, elsewhere)
    sys.stdout.write(
        f"report: {out / 'report.html'}\ntables: {out / 'comparison.csv'}, and those beside it\n"
    )


def judge_studies() -> list[tuple[claims.Verdict, claims.Evidence | None]]:
    """Judge every study that params.yaml names; what is wrong with one is said, and the others go on."""
    judged = []
    for name in study_names():
        claim = evidence = None
        try:
            claim = claims.check_claim(name, study_block(name), report.CLAIM_FIGURES)
            tables = {"benchmark": RESULTS / "benchmark" / "throughput.csv"}
            path = tables.get(claim.evidence, RESULTS / "study" / name / "evidence.csv")
            evidence = claims.read_evidence(claim, path)
            verdict = claims.judge(evidence)
        except UserError as error:
            log.warning("not judged: %s", error)
            verdict = claims.unjudged(name, str(error), claim)
        judged.append((verdict, evidence))
    return judged


def command_of(name: str) -> str:
    """Return the command that makes a study's evidence anew."""
    if name in study_stages():
        return advice.repro(f"study@{name}")
    return advice.study(name) if name in studies_by_hand() else advice.repro("-f benchmark")


def outdated(name: str) -> bool:
    """Tell whether what makes a study by hand is not known to be what made its evidence; a stage is rerun."""
    if name not in studies_by_hand():
        return False
    today = OmegaConf.select(OmegaConf.load(RESULTS / "fingerprint.yaml"), f"by_hand.{name}")
    made_by = RESULTS / "study" / name / "digest.txt"
    return not made_by.exists() or made_by.read_text().strip() != today


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=RESULTS, metavar="FOLDER")
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    folder = parser.parse_args().folder
    command(lambda: main(folder))
