"""Judging a claim: each condition by its quantity's interval, the verdict by all conditions."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from perbatch.claims.claim import Claim, Condition
from perbatch.claims.evidence import Evidence
from perbatch.claims.quantities import QUANTITIES
from perbatch.claims.reading import Reading
from perbatch.errors import UserError
from perbatch.files import replace


class Judgement(StrEnum):
    """What can become of a claim."""

    REPRODUCED = "reproduced"
    NOT_REPRODUCED = "not reproduced"
    INCONCLUSIVE = "inconclusive"
    NOT_JUDGED = "not judged"


@dataclass(frozen=True)
class Finding:
    """A condition, what was read, and whether it holds (None: that cannot be said)."""

    condition: Condition
    reading: Reading
    holds: bool | None


@dataclass(frozen=True)
class Verdict:
    """What became of a study: its judgement, its findings, and why it could not be judged."""

    name: str
    claim: Claim | None
    verdict: Judgement
    findings: tuple[Finding, ...] = ()
    beside: tuple[Finding, ...] = ()
    reason: str = ""


def judge(evidence: Evidence) -> Verdict:
    """Hold the evidence against every condition; a UserError where a quantity cannot be formed.

    Reproduced: all hold. Not reproduced: one fails. Else inconclusive.
    """
    claim = evidence.claim
    findings = tuple(_finding(evidence, condition) for condition in claim.conditions)
    beside = tuple(_finding(evidence, condition) for condition in claim.beside)
    outcomes = [finding.holds for finding in findings]
    failed, held = False in outcomes, all(outcomes)
    verdict = Judgement.NOT_REPRODUCED if failed else Judgement.REPRODUCED if held else Judgement.INCONCLUSIVE
    return Verdict(claim.name, claim, verdict, findings, beside)


def unjudged(name: str, reason: str, claim: Claim | None = None) -> Verdict:
    """Return the verdict of a study that could not be judged."""
    return Verdict(name, claim, Judgement.NOT_JUDGED, reason=reason)


def holds(reading: Reading, condition: Condition) -> bool | None:
    """Tell whether all of the interval lies within the bounds (True) or outside (False); else None."""
    if not reading.usable:
        return None
    if condition.low <= reading.low and reading.high <= condition.high:
        return True
    return False if reading.high < condition.low or reading.low > condition.high else None


def write_verdicts(verdicts: Sequence[Verdict], path: Path) -> None:
    """Write verdicts.json: a list with a study each, in the order given; the same bytes from the same."""
    text = json.dumps([_written(verdict) for verdict in verdicts], indent=2, allow_nan=False)
    replace(path, text + "\n")


def _finding(evidence: Evidence, condition: Condition) -> Finding:
    try:
        reading = QUANTITIES[condition.quantity](evidence, **condition.of)
    except KeyError as error:
        raise UserError(
            f"{evidence.claim.name}: the evidence has no column {error}, which {condition.quantity} needs"
        ) from None
    return Finding(condition, reading, holds(reading, condition))


def _written(verdict: Verdict) -> dict[str, Any]:
    claim = verdict.claim
    return {
        "name": verdict.name,
        "claim": claim.claim if claim else None,
        "source": claim.source if claim else None,
        "conditions": [_row(finding) | {"holds": finding.holds} for finding in verdict.findings],
        "beside": [_row(finding) for finding in verdict.beside],
        "verdict": verdict.verdict,
        "reason": verdict.reason,
    }


def _row(finding: Finding) -> dict[str, Any]:
    condition, reading = finding.condition, finding.reading
    return {
        "says": condition.says,
        "quantity": condition.quantity,
        "value": _number(reading.value),
        "low": _number(reading.low),
        "high": _number(reading.high),
        "n": reading.n,
        "kind": reading.kind,
        "bound": condition.bound,
        "reservation": reading.reservation,
    }


def _number(value: float) -> float | None:
    return float(f"{value:.6g}") if math.isfinite(value) else None
