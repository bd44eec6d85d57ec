"""What stands under the second answer's headline: skipping, repeating and the rate, told apart.

Evaluations of the network decide every direction here; seconds stand beside them where there are prices.
"""

import pandas as pd

from perbatch.analysis.champion import champion
from perbatch.analysis.contenders import FIXED, ONCE, SKIP, UNTIL_SATISFIED, named
from perbatch.analysis.contrasts import Contrast, ContrastVerdict, contrast
from perbatch.analysis.representatives import best_of, repeat_and_plain
from perbatch.analysis.results import Results, at_one_rate
from perbatch.report.figures.repeats import equal_cost
from perbatch.report.sentences import times
from perbatch.report.wording import UNITS, interval, listed, number, rate

PARTS = {
    SKIP: "skipping what is satisfied",
    UNTIL_SATISFIED: "repeating until satisfied",
    FIXED: "repeating regardless",
}


def beside(results: Results) -> str:
    """Say the same of updates, and of training seconds where there are prices; nothing without a verdict."""
    pair = repeat_and_plain(results)
    if pair is None:
        return ""
    clocks = {
        "updates": "In updates it",
        "seconds": "In training seconds, these counts at the benchmark's prices, it",
    }
    found = {quantity: contrast(results, *pair, quantity) for quantity in clocks}
    return " ".join(
        f"{clocks[quantity]} {_short(each)}." for quantity, each in found.items() if each.verdict.judged
    )


def apart(results: Results) -> str:
    """Tell skipping, repeating and the rate apart, each against one update per visit at that batch size."""
    pair = repeat_and_plain(results)
    if pair is None:
        return ""
    plain = pair[1]
    own = _parts(results, plain)
    if len(own) < 2:
        return ""
    text = f"What does what, in {UNITS['evaluations']} against one update per visit: "
    text += f"each at its own rate, {listed(own)}."
    shared = at_one_rate(results, plain["learning_rate"])
    same = best_of(shared, ONCE, int(plain["batch_size"]))
    parts = [] if same is None else _parts(shared, same)
    if parts:
        text += f" All at the rate {rate(plain['learning_rate'])}, {listed(parts)}."
    return text


def champion_sentence(results: Results) -> str:
    """Say so where the network with the lowest validation loss of all came of repeating or skipping."""
    best = champion(results)
    if best is None or best["mode"] != "repeat":
        return ""
    return (
        f"The champion, the reported network with the lowest validation loss at the end of training, came of "
        f"{named(best).long} at rate {rate(best['learning_rate'])}."
    )


def equal_cost_sentence(results: Results) -> str:
    """Say what Figure 6a shows: the validation loss of each way at equal updates and equal evaluations."""
    pair, table = repeat_and_plain(results), equal_cost(results)
    if pair is None or table.empty:
        return ""
    size = int(pair[1]["batch_size"])
    rows = {"with one update per visit": pair[1]}
    rows |= {PARTS[way]: row for way in PARTS if (row := best_of(results, way, size)) is not None}
    told = []
    for quantity, part in table.groupby("quantity", sort=False):
        losses = part.set_index("contender")["validation_loss"]
        known = {what: row["contender"] for what, row in rows.items() if row["contender"] in losses}
        values = [f"{number(losses[contender])} {what}" for what, contender in known.items()]
        told.append(f"after {int(part['budget'].iloc[0]):,} {UNITS[str(quantity)]} {listed(values)}")
    return f"At equal cost the validation loss was, {'; '.join(told)}."


def _parts(results: Results, plain: pd.Series) -> list[str]:
    """What each way does against one update per visit; nothing where no verdict could be reached at all."""
    rows = {way: best_of(results, way, int(plain["batch_size"])) for way in PARTS}
    found = {
        way: contrast(results, row, plain, "evaluations") for way, row in rows.items() if row is not None
    }
    told = [each.verdict for each in found.values()]
    if not any(verdict.saved or verdict.cost or verdict == ContrastVerdict.SAME for verdict in told):
        return []
    return [f"{PARTS[way]} {_short(each)}" for way, each in found.items()]


def _short(found: Contrast) -> str:
    """A contrast's verdict in a few words, of its first contender."""
    if found.verdict in (ContrastVerdict.LESS, ContrastVerdict.MORE):
        word = "fewer" if found.verdict == ContrastVerdict.LESS else "more"
        return f"took {times(found)} times {word} ({interval(found.factor)})"
    if found.verdict == ContrastVerdict.SAME:
        return f"showed no difference (ratio {interval(found.factor)})"
    return {
        ContrastVerdict.SINGLE: "cannot be judged by one seed",
        ContrastVerdict.FIRST_ONLY: "alone got there",
        ContrastVerdict.SECOND_ONLY: "did not get there",
        ContrastVerdict.NEITHER: "did not get there, nor did the other",
    }.get(found.verdict, "got there with some seeds only")
