"""Published claims put to the test: evidence from a sweep's tables, conditions, verdicts."""

from collections.abc import Collection, Mapping
from typing import Any

from perbatch.claims import claim
from perbatch.claims.claim import Claim, Condition
from perbatch.claims.elsewhere import ratios_of, write_ratios
from perbatch.claims.evidence import Evidence, from_sweep, read_evidence, write_evidence
from perbatch.claims.judge import Verdict, judge, unjudged, write_verdicts
from perbatch.claims.planning import plan_text
from perbatch.claims.quantities import QUANTITIES
from perbatch.claims.selection import chosen_runs, chosen_tuning_runs

__all__ = [
    "Claim",
    "Condition",
    "Evidence",
    "Verdict",
    "check_claim",
    "chosen_runs",
    "chosen_tuning_runs",
    "from_sweep",
    "judge",
    "plan_text",
    "ratios_of",
    "read_evidence",
    "unjudged",
    "write_evidence",
    "write_ratios",
    "write_verdicts",
]


def check_claim(name: str, block: Mapping[str, Any], figures: Collection[str]) -> Claim:
    """Turn the block `study:` of a study's file into a Claim; a UserError names the first bad key.

    `figures` are the names of those that there are.
    """
    return claim.check_claim(name, block, QUANTITIES, figures)
