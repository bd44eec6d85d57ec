"""One sentence for each verdict of a contrast, with both values, the interval, its kind and n."""

import math

import pandas as pd

from perbatch.analysis.contrasts import Contrast, ContrastVerdict
from perbatch.analysis.results import Results
from perbatch.analysis.statistics import PAIRED_MEDIAN, Estimate
from perbatch.report.wording import (
    UNITS,
    amounts,
    estimate_of,
    interval,
    interval_kind,
    interval_with_kind,
    number,
    seeds_reached,
    share,
)


def sentence(results: Results, found: Contrast, subject: str, other: str) -> str:
    """Say what was found. `subject` and `other` are what the two contenders do, as `updating ...`."""
    return _SENTENCES[found.verdict](results, found, subject, other)


def _values(found: Contrast) -> str:
    name = f"{found.quantity}_to_target"
    a, b = found.first[name], found.second[name]
    factor, unit = amounts(found.quantity, a, b)
    return f"{number(a * factor)} against {number(b * factor)} {unit}"


def _evidence(found: Contrast) -> str:
    """What a verdict stands on, whichever of the two was the better one."""
    factor = found.factor
    if factor.kind == PAIRED_MEDIAN:
        evidence = (
            f"{seeds_reached(found.first)} got there against {seeds_reached(found.second)} "
            f"({interval_kind(factor)} of the median ratio {interval(factor)}, unreached as infinite"
        )
    else:
        ends = f"{interval_kind(factor)} of the ratio {interval(factor)}"
        evidence = f"{_values(found)} (geometric means; {ends}"
    return f"{evidence}, paired by seed, n = {factor.n}; {_improvement(found)})"


def _improvement(found: Contrast) -> str:
    """How often the winner won; without one, how often the first did."""
    better = found.improvement
    if found.verdict == ContrastVerdict.MORE:
        better = Estimate(1 - better.value, 1 - better.high, 1 - better.low, better.n, better.kind)
    same = found.verdict == ContrastVerdict.SAME
    whose = "probability that the former needs less" if same else "probability of improvement"
    return f"{whose} {share(better.value)}, {share(better.low)} to {share(better.high)}"


def times(found: Contrast) -> str:
    """Write the factor, or its lower end where the middle seed never got there."""
    factor = found.factor
    return number(factor.value) if math.isfinite(factor.value) else f"at least {number(factor.low)}"


def _to(results: Results) -> str:
    return f"to bring the validation loss to {results.sweep.target:g}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _less(results: Results, found: Contrast, subject: str, other: str) -> str:
    return (
        f"{_capital(subject)} took {times(found)} times fewer "
        f"{UNITS[found.quantity]} than {other} "
        f"{_to(results)}: {_evidence(found)}."
    )


def _more(results: Results, found: Contrast, subject: str, other: str) -> str:
    return (
        f"{_capital(subject)} was not the faster way here: it took {times(found)} times more "
        f"{UNITS[found.quantity]} than {other} {_to(results)}: {_evidence(found)}."
    )


def _same(results: Results, found: Contrast, subject: str, other: str) -> str:
    return f"No difference was shown between {subject} and {other} {_to(results)}: {_evidence(found)}."


def _single(results: Results, found: Contrast, subject: str, other: str) -> str:
    return (
        f"{_capital(subject)} and {other} took {_values(found)} {_to(results)}, with one seed: "
        "there is no interval, so this is an example and not evidence."
    )


def _first_only(results: Results, found: Contrast, subject: str, other: str) -> str:
    return _only(results, found, found.first, found.second, subject, other)


def _second_only(results: Results, found: Contrast, subject: str, other: str) -> str:
    return _only(results, found, found.second, found.first, other, subject)


def _only(
    results: Results, found: Contrast, winner: pd.Series, loser: pd.Series, subject: str, other: str
) -> str:
    name = f"{found.quantity}_to_target"
    factor, unit = amounts(found.quantity, winner[name])
    took = estimate_of(winner, name).times(factor)
    ends = ", ".join(filter(None, [interval_with_kind(took), f"n = {int(winner['n'])}"]))
    return (
        f"{_capital(subject)} brought the validation loss to {results.sweep.target:g} in "
        f"{number(took.value)} {unit} ({ends}); {other} did not get there in the "
        f"{number(epochs_given(results, loser))} epochs it was given ({seeds_reached(loser)})."
    )


def _partly(results: Results, found: Contrast, subject: str, other: str) -> str:
    parts = []
    for row, text in ((found.first, subject), (found.second, other)):
        middle = estimate_of(row, f"{found.quantity}_to_target")
        factor, unit = amounts(found.quantity, middle.value)
        kind = middle.kind.split(",")[0]
        value = f"{kind} {number(middle.value * factor)} {unit}"
        value = "median unreached" if pd.isna(middle.value) else value
        parts.append(f"{text} with {seeds_reached(row)} ({value})")
    return (
        f"Not every seed reached a validation loss of {results.sweep.target:g}: {parts[0]}, {parts[1]}; "
        "unreached counts as infinite, so there is no interval of the ratio and no verdict."
    )


def _neither(results: Results, found: Contrast, subject: str, other: str) -> str:
    losses = [
        f"{number(row['validation_loss'])}" if not pd.isna(row["validation_loss"]) else "diverged"
        for row in (found.first, found.second)
    ]
    return (
        f"Neither {subject} nor {other} brought the validation loss to {results.sweep.target:g} "
        f"({seeds_reached(found.first)} and {seeds_reached(found.second)}); at the end of training it was "
        f"{losses[0]} and {losses[1]}, so these runs cannot say which is faster."
    )


def _unpriced(results: Results, found: Contrast, subject: str, other: str) -> str:
    return (
        f"{_capital(subject)} and {other} cannot be compared in {UNITS[found.quantity]}: "
        "for one of them there is no number."
    )


_SENTENCES = {
    ContrastVerdict.LESS: _less,
    ContrastVerdict.MORE: _more,
    ContrastVerdict.SAME: _same,
    ContrastVerdict.SINGLE: _single,
    ContrastVerdict.FIRST_ONLY: _first_only,
    ContrastVerdict.SECOND_ONLY: _second_only,
    ContrastVerdict.PARTLY: _partly,
    ContrastVerdict.NEITHER: _neither,
    ContrastVerdict.UNPRICED: _unpriced,
}


def epochs_given(results: Results, row: pd.Series) -> float:
    """Return the epochs that a contender's reported runs were given."""
    return float(results.runs_of(row)["epochs"].max())
