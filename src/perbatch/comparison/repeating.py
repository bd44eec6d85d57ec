"""The second answer's headline and what stands under it: skipping, repeating and the rate, told apart.

Evaluations of the network decide every direction here; seconds stand beside them where there are prices.
"""

from __future__ import annotations

import pandas as pd

from perbatch.comparison import contrast as c
from perbatch.comparison.champion import champion
from perbatch.comparison.compare import Findings, at_one_rate
from perbatch.comparison.contrast import Contrast, contrast
from perbatch.comparison.figures.repeats import equal_cost
from perbatch.comparison.labels import FIXED, SKIP, UNTIL_SATISFIED
from perbatch.comparison.sentences import times
from perbatch.comparison.speakers import best_of, plain_at, speakers
from perbatch.comparison.wording import UNITS, interval, listed, mode_name, number, rate

USUAL = "Usually not: each example is used once per epoch, and comes back in the next one."
PARTS = {
    SKIP: "skipping what is satisfied",
    UNTIL_SATISFIED: "repeating until satisfied",
    FIXED: "repeating regardless",
}
SAVED, COST = (c.LESS, c.FIRST_ONLY), (c.MORE, c.SECOND_ONLY)


def headline(findings: Findings) -> str:
    """Say what repeating did here, after what is usual, by evaluations of the network alone."""
    pair = _pair(findings)
    if pair is None:
        return USUAL
    repeat, plain = pair
    verdict = contrast(findings, repeat, plain, "evaluations").verdict
    goal = f"to a validation loss of {findings.study.target:g}"
    what = PARTS.get(repeat["way"], PARTS[UNTIL_SATISFIED])
    if verdict in SAVED:
        here = (
            f"Here {what} paid: it took fewer evaluations of the network {goal}{_credit(findings, repeat)}."
        )
    elif verdict in COST:
        here = f"Here {what} took more evaluations of the network {goal}{_skip_alone(findings, plain)}."
    elif verdict == c.SAME:
        here = f"Here {what} showed no difference in the evaluations of the network that it takes {goal}"
        here += f"{_skip_alone(findings, plain)}."
    else:
        here = "These runs cannot say whether it would pay."
    return f"{USUAL} {here}"


def beside(findings: Findings) -> str:
    """Say the same of updates, and of training seconds where there are prices; nothing without a verdict."""
    pair = _pair(findings)
    if pair is None:
        return ""
    clocks = {
        "updates": "In updates it",
        "seconds": "In training seconds, these counts at the benchmark's prices, it",
    }
    found = {quantity: contrast(findings, *pair, quantity) for quantity in clocks}
    return " ".join(
        f"{clocks[quantity]} {_short(each)}."
        for quantity, each in found.items()
        if each.verdict in (c.LESS, c.MORE, c.SAME)
    )


def apart(findings: Findings) -> str:
    """Tell skipping, repeating and the rate apart, each against one update per visit at that batch size."""
    pair = _pair(findings)
    if pair is None:
        return ""
    plain = pair[1]
    own = _parts(findings, plain)
    if len(own) < 2:
        return ""
    text = f"What does what, in {UNITS['evaluations']} against one update per visit: "
    text += f"each at its own rate, {listed(own)}."
    shared = at_one_rate(findings, plain["learning_rate"])
    same = plain_at(shared, int(plain["batch_size"]))
    parts = [] if same is None else _parts(shared, same)
    if parts:
        text += f" All at the rate {rate(plain['learning_rate'])}, {listed(parts)}."
    return text


def champion_sentence(findings: Findings) -> str:
    """Say so where the network with the lowest validation loss of all came of repeating or skipping."""
    best = champion(findings)
    if best is None or best["mode"] != "repeat":
        return ""
    return (
        f"The champion, the reported network with the lowest validation loss at the end of training, came of "
        f"{mode_name(best)} at rate {rate(best['learning_rate'])}."
    )


def equal_cost_sentence(findings: Findings) -> str:
    """Say what Figure 6a shows: the validation loss of each way at equal updates and equal evaluations."""
    pair, table = _pair(findings), equal_cost(findings)
    if pair is None or table.empty:
        return ""
    size = int(pair[1]["batch_size"])
    rows = {"with one update per visit": pair[1]}
    rows |= {PARTS[way]: row for way in PARTS if (row := best_of(findings, way, size)) is not None}
    told = []
    for quantity, part in table.groupby("quantity", sort=False):
        losses = part.set_index("contender")["validation_loss"]
        known = {what: row["contender"] for what, row in rows.items() if row["contender"] in losses}
        values = [f"{number(losses[contender])} {what}" for what, contender in known.items()]
        told.append(f"after {int(part['budget'].iloc[0]):,} {UNITS[str(quantity)]} {listed(values)}")
    return f"At equal cost the validation loss was, {'; '.join(told)}."


def _pair(findings: Findings) -> tuple[pd.Series, pd.Series] | None:
    """The repeat mode's speaker, and one update per visit at its batch size."""
    repeat = speakers(findings).get("repeat")
    plain = None if repeat is None else plain_at(findings, int(repeat["batch_size"]))
    return None if repeat is None or plain is None else (repeat, plain)


def _parts(findings: Findings, plain: pd.Series) -> list[str]:
    """What each way does against one update per visit; nothing where no verdict could be reached at all."""
    rows = {way: best_of(findings, way, int(plain["batch_size"])) for way in PARTS}
    found = {
        way: contrast(findings, row, plain, "evaluations") for way, row in rows.items() if row is not None
    }
    if not any(each.verdict in (*SAVED, *COST, c.SAME) for each in found.values()):
        return []
    return [f"{PARTS[way]} {_short(each)}" for way, each in found.items()]


def _credit(findings: Findings, repeat: pd.Series) -> str:
    """Whether it was the repeating, or the skipping that comes with it."""
    skip = best_of(findings, SKIP, int(repeat["batch_size"]))
    if skip is None or repeat["way"] != UNTIL_SATISFIED:
        return ""
    verdict = contrast(findings, repeat, skip, "evaluations").verdict
    if verdict in SAVED:
        return ", and fewer than skipping alone"
    if verdict in COST:
        return ", but skipping alone took fewer still"
    return ", though no fewer than skipping alone that could be shown" if verdict == c.SAME else ""


def _skip_alone(findings: Findings, plain: pd.Series) -> str:
    skip = best_of(findings, SKIP, int(plain["batch_size"]))
    verdict = None if skip is None else contrast(findings, skip, plain, "evaluations").verdict
    return "; skipping what is satisfied, without repeating, took fewer" if verdict in SAVED else ""


def _short(found: Contrast) -> str:
    """A contrast's verdict in a few words, of its first contender."""
    if found.verdict in (c.LESS, c.MORE):
        word = "fewer" if found.verdict == c.LESS else "more"
        return f"took {times(found)} times {word} ({interval(found.factor)})"
    if found.verdict == c.SAME:
        return f"showed no difference (ratio {interval(found.factor)})"
    return {
        c.SINGLE: "cannot be judged by one seed",
        c.FIRST_ONLY: "alone got there",
        c.SECOND_ONLY: "did not get there",
        c.NEITHER: "did not get there, nor did the other",
    }.get(found.verdict, "got there with some seeds only")
