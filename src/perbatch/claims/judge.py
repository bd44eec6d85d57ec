"""Judging a claim: each condition by its quantity's interval, the verdict by all conditions together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from perbatch import files
from perbatch.advice import study
from perbatch.analysis.statistics import holm, rounded
from perbatch.claims.claim import Claim, Condition
from perbatch.claims.evidence import Evidence
from perbatch.claims.outcomes import Outcome, outcome, p_value
from perbatch.claims.quantities import QUANTITIES
from perbatch.claims.reading import Reading
from perbatch.errors import UserError


class Judgement(StrEnum):
    """What can become of a claim."""

    REPRODUCED = "reproduced"
    NOT_REPRODUCED = "not reproduced"
    UNDECIDED = "undecided"
    NOT_JUDGED = "not judged"


@dataclass(frozen=True)
class Finding:
    """A condition, what was read, and what became of it.

    `sure`: it fails, and does so at Holm's level over all conditions of its claim.
    """

    condition: Condition
    reading: Reading
    outcome: Outcome
    p_value: float = 1.0
    sure: bool = False


@dataclass(frozen=True)
class Verdict:
    """What became of a study: its judgement, its findings, and why it could not be judged."""

    name: str
    claim: Claim | None
    verdict: Judgement
    findings: tuple[Finding, ...] = ()
    retired: tuple[Finding, ...] = ()
    beside: tuple[Finding, ...] = ()
    reason: str = ""


def judge(evidence: Evidence) -> Verdict:
    """Hold the evidence against every condition; a UserError where a quantity cannot be formed.

    Reproduced: all hold, which needs no correction, since one that does not is enough against it. Not
    reproduced: one fails at Holm's level over all of them. Else undecided.
    """
    claim = evidence.claim
    _check_seeds(evidence)
    findings = [_finding(evidence, condition) for condition in claim.conditions]
    failing = holm([finding.p_value for finding in findings])
    findings = [
        replace(each, sure=each.p_value < 1 and fails) for each, fails in zip(findings, failing, strict=True)
    ]
    retired = [_finding(evidence, condition) for condition in claim.retired]
    beside = [_finding(evidence, condition) for condition in claim.beside]
    verdict = Judgement.UNDECIDED
    if any(finding.sure for finding in findings):
        verdict = Judgement.NOT_REPRODUCED
    elif all(finding.outcome.holds for finding in findings):
        verdict = Judgement.REPRODUCED
    return Verdict(claim.name, claim, verdict, tuple(findings), tuple(retired), tuple(beside))


def unjudged(name: str, reason: str, claim: Claim | None = None) -> Verdict:
    """Return the verdict of a study that could not be judged."""
    return Verdict(name, claim, Judgement.NOT_JUDGED, reason=reason)


def write_verdicts(verdicts: Sequence[Verdict], path: Path) -> None:
    """Write verdicts.json: a list with a study each, in the order given; the same bytes from the same."""
    files.replace_json(path, [_written(verdict) for verdict in verdicts])


def _check_seeds(evidence: Evidence) -> None:
    """Raise a UserError where other seeds than the planned ones would judge."""
    claim = evidence.claim
    if claim.plan is None:
        return
    seeds = set(claim.reported(evidence.table)["seed"])
    if seeds != set(claim.plan.seeds):
        planned = claim.plan.seeds
        raise UserError(
            f"{claim.name}: its evidence is of {len(seeds)} seeds where the plan has {planned.start} to "
            f"{planned.stop - 1}: {study(claim.name)}"
        )


def _finding(evidence: Evidence, condition: Condition) -> Finding:
    try:
        reading = QUANTITIES[condition.quantity](evidence, **condition.of)
    except KeyError as error:
        raise UserError(
            f"{evidence.claim.name}: the evidence has no column {error}, which {condition.quantity} needs"
        ) from None
    return Finding(condition, reading, outcome(reading, condition), p_value(reading, condition))


def _written(verdict: Verdict) -> dict[str, Any]:
    claim = verdict.claim
    return {
        "name": verdict.name,
        "claim": claim.claim if claim else None,
        "source": claim.source if claim else None,
        "conditions": [_judged(finding) for finding in verdict.findings],
        "retired": [_judged(finding) for finding in verdict.retired],
        "beside": [_row(finding) for finding in verdict.beside],
        "verdict": verdict.verdict,
        "at_most": claim.plan.at_most if claim and claim.plan else None,
        "reason": verdict.reason,
    }


def _judged(finding: Finding) -> dict[str, Any]:
    return _row(finding) | {
        "margin": finding.condition.margin,
        "outcome": finding.outcome,
        "holds": finding.outcome.holds,
        "p_value": rounded(finding.p_value) if finding.outcome.holds is False else None,
        "at_holms_level": finding.sure,
        "why": finding.condition.why,
    }


def _row(finding: Finding) -> dict[str, Any]:
    condition, reading = finding.condition, finding.reading
    return {
        "says": condition.says,
        "quantity": condition.quantity,
        "value": rounded(reading.value),
        "low": rounded(reading.low),
        "high": rounded(reading.high),
        "n": reading.n,
        "kind": reading.kind,
        "bound": condition.bound,
        "reservation": reading.reservation,
    }
