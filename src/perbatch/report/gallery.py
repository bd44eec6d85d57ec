"""The gallery: each study's verdict in a sentence, its conditions in words and numbers, and a figure."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from perbatch.claims.evidence import Evidence
from perbatch.claims.judge import Finding, Judgement, Verdict
from perbatch.claims.outcomes import Outcome
from perbatch.errors import UserError
from perbatch.report.citation import doi_of
from perbatch.report.figures import claims as claim_figures
from perbatch.report.figures import forest
from perbatch.report.figures.svg import Panel
from perbatch.report.tables import Cell, Table
from perbatch.report.wording import listed, number

log = logging.getLogger(__name__)

WIDE = 420
"""Pixels above which a figure's text would be too small beside others'."""

CLAIM_FIGURES: dict[str, Callable[[Evidence, Verdict, str], Panel]] = {
    "conditions": claim_figures.conditions_figure,
    "epochs": partial(claim_figures.to_target_figure, "epochs"),
    "updates": partial(claim_figures.to_target_figure, "updates"),
    "noise": claim_figures.noise_figure,
    "rates": claim_figures.rates_figure,
    "retention": claim_figures.retention_figure,
    "variance": claim_figures.variance_figure,
    "throughput": claim_figures.throughput_figure,
    "sizes": forest.sizes_figure,
}
"""The figures that a claim may name."""


@dataclass(frozen=True)
class Exhibit:
    """What the gallery shows of a study."""

    name: str
    title: str
    claim: str
    source: str
    doi: str
    data: str
    verdict: Judgement
    sentence: str
    parts: list[str]
    conditions: Table
    figure: Panel | None
    command: str
    outdated: bool
    cpu_seconds: float

    @property
    def wide(self) -> bool:
        """Whether the figure takes the whole column."""
        return self.figure is not None and self.figure.width > WIDE


def exhibit(
    verdict: Verdict, evidence: Evidence | None, data: str = "", command: str = "", outdated: bool = False
) -> Exhibit:
    """Return what is shown of a study; one that could not be judged has its reason and no figure.

    `data` is the data set that its file names. Where its sweep varies that, the evidence has them all.
    `command` makes the evidence anew; it is `outdated` where what makes it has changed since.
    """
    sentence = verdict_sentence(verdict)
    claim = verdict.claim
    own = claim is None or claim.evidence != "benchmark"
    return Exhibit(
        name=verdict.name,
        title=verdict.name.replace("_", " ").capitalize(),
        claim=claim.claim if claim else "",
        source=claim.source if claim else "",
        doi=doi_of(claim.source) if claim else "",
        data=_judged_on(evidence, data) if own else "what the benchmark measured",
        verdict=verdict.verdict,
        sentence=sentence,
        parts=[f"{_found(each)}: {_outcome(each)}." for each in verdict.findings],
        conditions=_conditions(verdict),
        figure=None if evidence is None or not verdict.findings else _figure(evidence, verdict, sentence),
        command=command,
        outdated=outdated,
        cpu_seconds=(claim.cpu_seconds or 0.0) if claim else 0.0,
    )


def _judged_on(evidence: Evidence | None, data: str) -> str:
    names = [data] if data else []
    if evidence is not None and "data" in evidence.table:
        names = sorted(map(str, evidence.table["data"].unique()))
    return f"the data set{'s' if len(names) > 1 else ''} {listed(names)}" if names else "data of its own"


def verdict_sentence(verdict: Verdict) -> str:
    """Say what became of the claim, and where it does not hold, what was found in its place."""
    if verdict.verdict == Judgement.NOT_JUDGED:
        return f"Not judged: {verdict.reason}."
    count = len(verdict.findings)
    if verdict.verdict == Judgement.REPRODUCED:
        each = {1: "its condition holds", 2: "both conditions hold"}.get(
            count, f"all {count} conditions hold"
        )
        return f"Reproduced: {each}; {_found(verdict.findings[0])}."
    failed = [finding for finding in verdict.findings if finding.sure]
    if failed:
        found = "; ".join(f"{_found(each)}, where {_asked(each)} was asked{_none(each)}" for each in failed)
        return f"Not reproduced: {found}."
    open_ones = [finding for finding in verdict.findings if not finding.outcome.holds]
    plan = claim.plan if (claim := verdict.claim) else None
    most = f" at the maximum of {plan.at_most} seeds" if plan and plan.full else ""
    return f"Undecided{most}: {'; '.join(f'{_found(each)}, and {_why(each)}' for each in open_ones)}."


def _figure(evidence: Evidence, verdict: Verdict, sentence: str) -> Panel | None:
    try:
        return CLAIM_FIGURES[evidence.claim.figure](evidence, verdict, f"{evidence.claim.name}. {sentence}")
    except (UserError, KeyError) as error:
        log.warning("%s: the figure %s cannot be drawn: %s", verdict.name, evidence.claim.figure, error)
        return None


def _conditions(verdict: Verdict) -> Table:
    rows = [(each, _asked(each), _outcome(each)) for each in verdict.findings]
    rows += [(each, _asked(each), f"{_outcome(each)}; counts no more") for each in verdict.retired]
    rows += [(each, "", "beside, not judged") for each in verdict.beside]
    cells = [
        [Cell(_says(each)), Cell(_value(each)), Cell(asked), Cell(_margin(each)), Cell(is_)]
        for each, asked, is_ in rows
    ]
    return Table(["quantity", "found", "bound", "margin", "what it says"], cells)


def _says(finding: Finding) -> str:
    condition = finding.condition
    return f"{condition.says} ({condition.why})" if condition.why else condition.says


def _margin(finding: Finding) -> str:
    margin = finding.condition.margin
    return "" if margin is None else f"{margin:g}"


def _outcome(finding: Finding) -> str:
    said = str(finding.outcome)
    if finding.outcome.holds is False and not finding.sure:
        said += ", alone but not at the level of all conditions together"
    reservation = finding.reading.reservation if finding.outcome == Outcome.UNDECIDED else ""
    return f"{said}: {reservation}" if reservation else said


def _none(finding: Finding) -> str:
    return f" ({Outcome.NO_DIFFERENCE})" if finding.outcome == Outcome.NO_DIFFERENCE else ""


def _found(finding: Finding) -> str:
    return f"{finding.condition.says}: {_value(finding)}"


def _value(finding: Finding) -> str:
    reading = finding.reading
    text = number(reading.value)
    if reading.low < reading.high:
        text += f" ({number(reading.low)} to {number(reading.high)}, n = {reading.n})"
    return text


def _asked(finding: Finding) -> str:
    low, high = finding.condition.bound
    if low is None:
        return "" if high is None else f"below {high:g}"
    return f"above {low:g}" if high is None else f"{low:g} to {high:g}"


def _why(finding: Finding) -> str:
    if finding.outcome.holds is False:
        return "fails alone, but not at the level of all conditions together"
    return finding.reading.reservation or f"the interval reaches over the bound ({_asked(finding)})"
