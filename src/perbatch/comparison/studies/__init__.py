"""Published claims put to the test: evidence from a sweep's tables, conditions, verdicts, the gallery."""

from collections.abc import Mapping
from typing import Any

from perbatch.comparison.evidence import claim as claims
from perbatch.comparison.evidence.claim import Claim, Condition
from perbatch.comparison.evidence.selection import chosen_runs
from perbatch.comparison.evidence.table import Evidence, from_sweep, read_evidence, write_evidence
from perbatch.comparison.studies.gallery import FIGURES, Exhibit, exhibit, verdict_sentence
from perbatch.comparison.studies.judge import Verdict, judge, unjudged, write_verdicts
from perbatch.comparison.studies.quantities import QUANTITIES

__all__ = [
    "Claim",
    "Condition",
    "Evidence",
    "Exhibit",
    "Verdict",
    "check_claim",
    "chosen_runs",
    "exhibit",
    "from_sweep",
    "judge",
    "read_evidence",
    "unjudged",
    "verdict_sentence",
    "write_evidence",
    "write_verdicts",
]


def check_claim(name: str, block: Mapping[str, Any]) -> Claim:
    """Turn the block `study:` of a study's file into a Claim; a UserError names the first bad key."""
    return claims.check_claim(name, block, QUANTITIES, FIGURES)
