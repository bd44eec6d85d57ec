"""The page's first layer: each question's answer in words that a beginner knows, two numbers at most.

The first ratio of the page is that of `first_when`; every ratio is one of `analysis.contrasts.contrast`.

Intervals, n and method stand one click below, in the sentences of `answers`, `findings` and `repeating`,
which are made from the same verdicts. A pass is an epoch; work is counted in evaluations of the network.
"""

import pandas as pd

from perbatch.analysis.contenders import SKIP, UNTIL_SATISFIED
from perbatch.analysis.contrasts import ContrastVerdict, contrast
from perbatch.analysis.fastest import fastest
from perbatch.analysis.powers import control_dips, power_dips
from perbatch.analysis.representatives import best_of, plain_rows, repeat_and_plain
from perbatch.analysis.results import Results
from perbatch.report.answers import kept_shares
from perbatch.report.repeating import PARTS
from perbatch.report.sentences import times
from perbatch.report.wording import PERCENT

USUAL = "No, not usually: each example is used once per pass, and comes back in the next pass."
UNSAID = "These runs cannot say"


def first_when(results: Results) -> str:
    """Say which of the smallest and the largest batch needed fewer passes to the target, and to which."""
    plain = plain_rows(results)
    if len(plain) < 2:
        return f"{UNSAID} which is quicker: they have one batch size."
    n_train = results.sweep.n_train
    rows = plain.iloc[0], plain.iloc[-1]
    goal = "To reach the same loss on data kept aside"
    first, last = (f"updating {how_often(int(row['batch_size']), n_train)}" for row in rows)
    found = contrast(results, *rows, "epochs")
    verdict = found.verdict
    if verdict in (ContrastVerdict.LESS, ContrastVerdict.MORE):
        sizes = {int(row["batch_size"]) for row in rows} - {1, n_train}
        if len(sizes) == 2:  # the sizes are numbers themselves
            word = "fewer" if verdict == ContrastVerdict.LESS else "more"
            return f"{goal}, {first} took {word} passes over the examples than {last}."
        quick, slow = (first, last) if verdict == ContrastVerdict.LESS else (last, first)
        return f"{goal}, {slow} took {times(found)} passes over the examples where {quick} took one."
    if verdict in (ContrastVerdict.FIRST_ONLY, ContrastVerdict.SECOND_ONLY):
        return f"Here only {first if verdict == ContrastVerdict.FIRST_ONLY else last} got to the goal."
    if verdict == ContrastVerdict.SAME:
        return f"Here {first} and {last} took about as many passes: no difference was shown."
    return f"{UNSAID} which needs fewer passes, {first} or {last}."


def first_size(results: Results) -> str:
    """Say which batch size was the quickest: in time, or in work where there are no prices."""
    found = fastest(results, "seconds") or fastest(results, "evaluations")
    if found is None or pd.isna(found.row[f"{found.quantity}_to_target"]):
        return ""
    size = int(found.row["batch_size"])
    which = {1: "a batch of one example", results.sweep.n_train: "a batch of all examples"}
    name = which.get(size, f"a batch of {size:,} examples")
    clock, best = ("time", "quickest") if found.quantity == "seconds" else ("work", "cheapest")
    among = "among the" if found.alike or found.better else "the"
    return f"In {clock}, not in passes, {name} was {among} {best} of all sizes."


def headline(results: Results) -> str:
    """Say what repeating did here, after what is usual."""
    return f"{USUAL} {first_repeat(results)}".strip()


def first_repeat(results: Results) -> str:
    """Say what repeating did here, by evaluations of the network alone; nothing where it was not run."""
    pair = repeat_and_plain(results)
    if pair is None:
        return ""
    repeat, plain = pair
    what = PARTS.get(repeat["way"], PARTS[UNTIL_SATISFIED])
    verdict = contrast(results, repeat, plain, "evaluations").verdict
    fewer = contrast(results, repeat, plain, "updates").verdict.saved
    skipping = _skip_alone(results, plain)
    if verdict.saved:
        return f"Here {what} paid: it took less work{_credit(results, repeat)}."
    if verdict.cost:
        but = "fewer updates, but more work" if fewer else "more work"
        return f"Here {what} took {but}{skipping}."
    if verdict == ContrastVerdict.SAME and fewer:
        # Of one batch size, the same updates are the same gradients: what is not saved went into looks.
        looks = "to ask whether the loss is low yet is work too"
        return f"Here {what} took fewer updates. But no saving of work was shown: {looks}{skipping}."
    if verdict == ContrastVerdict.SAME:
        return f"Here no difference in work was shown between {what} and going on{skipping}."
    return f"{UNSAID} whether it would pay."


def first_kept(results: Results) -> str:
    """Say what was kept of what one example had taught, at the end of the first pass."""
    shares = kept_shares(results)
    if shares is None:
        return ""
    left, still = (f"{value:.0%}".replace("%", PERCENT) for value in shares[:2])
    return (
        f"Here {left} of the examples were satisfied when left, and {still} still were after the first pass."
    )


def first_powers(rows: pd.DataFrame) -> str:
    """Say whether powers of two were faster than their neighbours. `rows`: the benchmark's."""
    dips = power_dips(rows)
    faster = [dip for dip in dips if dip.shown]
    if not dips:
        return "Habit and hardware. These runs cannot say more."
    if not faster:
        here = "powers of two were no faster than the sizes beside them"
    elif any(dip.shown for dip in control_dips(rows)):
        here = "some were faster, but so were sizes that are no powers of two"
    else:
        share = "powers of two" if len(faster) == len(dips) else "some powers of two"
        here = f"{share} were faster than the sizes beside them"
    return f"Out of habit, and for the hardware. Here {here}."


def how_often(batch_size: int, n_train: int) -> str:
    """Write when the update of a batch size comes, in plain words, to follow `updating`."""
    return {1: "after each example", n_train: "once per pass"}.get(
        batch_size, f"after every {batch_size:,} examples"
    )


def _credit(results: Results, repeat: pd.Series) -> str:
    """Whether it was the repeating, or the skipping that comes with it."""
    skip = best_of(results, SKIP, int(repeat["batch_size"]))
    if skip is None or repeat["way"] != UNTIL_SATISFIED:
        return ""
    verdict = contrast(results, repeat, skip, "evaluations").verdict
    if verdict.saved:
        return ", and less than skipping alone"
    if verdict.cost:
        return ", but skipping alone took less still"
    same = verdict == ContrastVerdict.SAME
    return ", though no less than skipping alone that could be shown" if same else ""


def _skip_alone(results: Results, plain: pd.Series) -> str:
    skip = best_of(results, SKIP, int(plain["batch_size"]))
    saved = skip is not None and contrast(results, skip, plain, "evaluations").verdict.saved
    return "; to skip what is satisfied, without repeating, took less" if saved else ""
