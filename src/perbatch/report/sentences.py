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
    target, quantity = results.sweep.target, UNITS[found.quantity]
    capital = subject[:1].upper() + subject[1:]
    to = f"to bring the validation loss to {target:g}"
    match found.verdict:
        case ContrastVerdict.LESS:
            return (
                f"{capital} took {times(found)} times fewer {quantity} than {other} {to}: {_evidence(found)}."
            )
        case ContrastVerdict.MORE:
            return (
                f"{capital} was not the faster way here: it took {times(found)} times more {quantity} than "
                f"{other} {to}: {_evidence(found)}."
            )
        case ContrastVerdict.SAME:
            return f"No difference was shown between {subject} and {other} {to}: {_evidence(found)}."
        case ContrastVerdict.SINGLE:
            return (
                f"{capital} and {other} took {_values(found)} {to}, with one seed: "
                "there is no interval, so this is an example and not evidence."
            )
        case ContrastVerdict.FIRST_ONLY:
            return f"{capital} {_only(results, found.first, found.second, found.quantity, other)}"
        case ContrastVerdict.SECOND_ONLY:
            winner = other[:1].upper() + other[1:]
            return f"{winner} {_only(results, found.second, found.first, found.quantity, subject)}"
        case ContrastVerdict.PARTLY:
            return f"Not every seed reached a validation loss of {target:g}: {_partly(found, subject, other)}"
        case ContrastVerdict.NEITHER:
            return (
                f"Neither {subject} nor {other} brought the validation loss to {target:g} {_neither(found)}"
            )
        case ContrastVerdict.UNPRICED:
            return (
                f"{capital} and {other} cannot be compared in {quantity}: for one of them there is no number."
            )


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


def _only(results: Results, winner: pd.Series, loser: pd.Series, quantity: str, other: str) -> str:
    """What the one of two did that alone got there; `other` is what the loser does."""
    name = f"{quantity}_to_target"
    factor, unit = amounts(quantity, winner[name])
    took = estimate_of(winner, name).times(factor)
    ends = ", ".join(filter(None, [interval_with_kind(took), f"n = {int(winner['n'])}"]))
    return (
        f"brought the validation loss to {results.sweep.target:g} in "
        f"{number(took.value)} {unit} ({ends}); {other} did not get there in the "
        f"{number(results.runs_of(loser)['epochs'].max())} epochs it was given ({seeds_reached(loser)})."
    )


def _partly(found: Contrast, subject: str, other: str) -> str:
    parts = []
    for row, text in ((found.first, subject), (found.second, other)):
        middle = estimate_of(row, f"{found.quantity}_to_target")
        factor, unit = amounts(found.quantity, middle.value)
        kind = middle.kind.split(",")[0]
        value = f"{kind} {number(middle.value * factor)} {unit}"
        value = "median unreached" if pd.isna(middle.value) else value
        parts.append(f"{text} with {seeds_reached(row)} ({value})")
    return (
        f"{parts[0]}, {parts[1]}; "
        "unreached counts as infinite, so there is no interval of the ratio and no verdict."
    )


def _neither(found: Contrast) -> str:
    rows = (found.first, found.second)
    losses = [row["validation_loss"] for row in rows]
    first, second = ("diverged" if pd.isna(loss) else number(loss) for loss in losses)
    return (
        f"({seeds_reached(rows[0])} and {seeds_reached(rows[1])}); at the end of training it was "
        f"{first} and {second}, so these runs cannot say which is faster."
    )
