"""What the page says beside its two answers: evaluations, the fastest size, powers of two, stability."""

from dataclasses import replace

import pandas as pd

from perbatch.analysis.contenders import ONCE
from perbatch.analysis.contrasts import paired
from perbatch.analysis.costs import FORWARD
from perbatch.analysis.fastest import Fastest, fastest
from perbatch.analysis.powers import Dip, control_dips, power_dips
from perbatch.analysis.results import Results, at_one_rate
from perbatch.analysis.stability import raising_shares, stability
from perbatch.analysis.statistics import paired_difference
from perbatch.report.wording import (
    UNITS,
    amounts,
    estimate_of,
    interval_with_kind,
    listed,
    number,
    of_difference,
    rate,
    share,
)


def evaluations_sentence(rows: pd.DataFrame) -> str:
    """Say what an evaluation of the network is, and why a forward pass counts as FORWARD of one.

    `rows`: the benchmark's for the network (see `measured`), empty where there are none.
    """
    text = (
        "All modes are compared by their evaluations of the network, and each learning rate is chosen by "
        f"them: the gradient of one example counts as one, a forward pass without a gradient as {FORWARD:g}. "
        "A gradient takes a forward pass and, after it, a backward one. The forward pass is a third of their "
        "multiplications; "
    )
    fixed = f"The {FORWARD:g} is the same for all, so that no clock decides."
    if rows.empty:
        return f"{text}of their time, 0.5 to 0.64 was measured for another network, the digits' one. {fixed}"
    shares = rows["forward_us"] / rows["gradient_us"]
    return (
        f"{text}of their time, the benchmark measured {number(shares.min(), 2)} to "
        f"{number(shares.max(), 2)} for this network. {fixed}"
    )


def fastest_sentences(results: Results) -> str:
    """Say which batch size needed the fewest evaluations of the network, and which the least time.

    The second only where there are prices: it is told beside the first, and changes nothing in it.
    """
    found = [fastest(results, quantity) for quantity in ("evaluations", "seconds")]
    told = [_sentence(results, each) for each in found if each is not None]
    if told and results.seeds.apart:
        told.append("The tuning seeds chose it, the others are reported.")
    return " ".join(told)


def _sentence(results: Results, found: Fastest) -> str:
    took = estimate_of(found.row, f"{found.quantity}_to_target")
    factor, unit = amounts(found.quantity, took.value)
    took = took.times(factor)
    value = "not reached by the middle seed"
    if not pd.isna(took.value):
        ends = f" ({interval_with_kind(took)})" if interval_with_kind(took) else ""
        unit = "" if found.quantity == "evaluations" else f" {unit}"
        value = f"{number(took.value)}{unit}{ends}, in {number(found.row['epochs_to_target'])} epochs"
    least = "the least training time" if found.quantity == "seconds" else f"the fewest {UNITS['evaluations']}"
    text = (
        f"Of {found.of} batch sizes, M = {int(found.row['batch_size']):,} took {least} to a validation loss "
        f"of {results.sweep.target:g}: {value}."
    )
    if found.better:
        text += f" On the reported seeds {_sizes(found.better)} took less."
    if found.alike:
        text += f" It cannot be told from {_sizes(found.alike)}."
    elif not found.better:
        text += " Each of the others took more."
    if found.left_out:
        text += f" Left out, for want of a price: {_sizes(found.left_out)}."
    return text


def _sizes(sizes: tuple[int, ...]) -> str:
    return listed([f"M = {size:,}" for size in sizes])


def powers_sentence(rows: pd.DataFrame) -> str:
    """Say whether powers of two were faster than their neighbours, and whether only they were."""
    dips, controls = power_dips(rows), control_dips(rows)
    if not dips:
        return "The benchmark has no power of two together with both its neighbours, so it cannot say."
    values = ", ".join(f"{_change(dip)} at {dip.size}" for dip in dips)
    faster = [dip for dip in dips if dip.shown]
    if not faster:
        return (
            "Powers of two are not special here: against the mean of the sizes one below and one above, time "
            f"per example is {values}; no gain exceeds the spread of the repeats."
        )
    share = "all" if len(faster) == len(dips) else f"{len(faster)} of {len(dips)}"
    text = (
        f"Here {share} of the powers of two tried take less time per example than the mean of the sizes one "
        f"below and one above, by more than the spread of the repeats: {values}."
    )
    like = [dip for dip in controls if dip.shown]
    if like:
        names = ", ".join(f"{dip.size} ({_change(dip)})" for dip in like)
        text += f" So do sizes that are no powers of two: {names}."
        return f"{text} So being a power of two is not what helps."
    return text + (" Sizes between that are no powers of two do not." if controls else "")


def _change(dip: Dip) -> str:
    percent = number(abs(1 - dip.ratio) * 100, 2)
    return "unchanged" if percent == "0" else f"{percent} % {'less' if dip.ratio < 1 else 'more'}"


def stability_sentence(results: Results) -> str:
    """Say what share of the updates raised the loss: at one learning rate, then at each size's own.

    The first alone speaks of the batch size; chosen rates differ from size to size.
    """
    table = stability(results)
    plain = table[(table["way"] == ONCE) & table["raising"].notna()].sort_values("batch_size")
    if len(plain) < 2:
        return ""
    sizes = listed([f"{size:,}" for size in plain["batch_size"]])
    shares = listed([share(value) for value in plain["raising"]])
    own = (
        f"At their own chosen rates, the batch sizes {sizes} raised the full training loss by {shares} of "
        "their updates (means over the reported seeds): there the rate changes too."
    )
    return f"{_at_one_rate(results, plain.iloc[0], plain.iloc[-1])} {own}".strip()


def _at_one_rate(results: Results, first: pd.Series, last: pd.Series) -> str:
    """The smallest and the largest batch at the rate of the smallest, paired by seed."""
    rate_of = float(first["learning_rate"])
    shared = at_one_rate(results, rate_of)
    raising = shared.reported["identity"].map(raising_shares(results.sweep.history))
    runs = shared.reported.assign(raising=raising).dropna(subset="raising")
    a, b = paired(replace(shared, reported=runs), first, last, "raising")
    if a.empty:
        return ""
    difference = paired_difference(a, b)
    sizes = [f"M = {int(row['batch_size']):,}" for row in (first, last)]
    found = (
        f"at one learning rate ({rate(rate_of)}) the full training loss was raised by "
        f"{share(a.mean())} of the updates at {sizes[0]} and by {share(b.mean())} at {sizes[1]}"
    )
    if not difference.has_interval:
        return f"{found[0].upper()}{found[1:]}, which is no evidence: n = {len(a)}."
    evidence = of_difference(difference, 100)
    if difference.low > 0:
        return f"The mean gradient of a larger batch points more steadily: {found} {evidence}."
    if difference.high < 0:
        return f"Here the larger batch was not the steadier one: {found} {evidence}."
    return f"No difference in steadiness was shown: {found} {evidence}."
