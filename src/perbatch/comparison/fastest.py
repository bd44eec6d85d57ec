"""Which batch size reaches the target at the least cost, of all that were run without repeating.

The best of many is flattered by chance. So the tuning seeds choose it, the others report it, and the sizes
that these cannot tell from it are named.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from perbatch.comparison import contrast as c
from perbatch.comparison.choice import CELL
from perbatch.comparison.compare import Findings
from perbatch.comparison.contrast import contrast
from perbatch.comparison.speakers import plain_rows
from perbatch.comparison.wording import UNITS, amounts, estimate_of, interval_with_kind, listed, number


@dataclass(frozen=True)
class Fastest:
    """The batch size that the tuning seeds chose by `quantity`, and what the reported seeds say of others.

    `row`: its row of the comparison. `alike`: sizes that cannot be told from it; `better`: sizes that needed
    less; `left_out`: sizes without a price.
    """

    quantity: str
    row: pd.Series
    of: int
    alike: tuple[int, ...]
    better: tuple[int, ...]
    left_out: tuple[int, ...]


def fastest(findings: Findings, quantity: str) -> Fastest | None:
    """Return the batch size with the lowest median of `quantity` to the target over the tuning seeds.

    None where fewer than two sizes can be compared, or none of them reached the target.
    """
    rows, runs = plain_rows(findings), findings.study.usable
    tuning = runs[runs["seed"].isin(findings.seeds.tuning)].set_index(CELL)[f"{quantity}_to_target"]
    costs = {
        place: tuning.loc[[(row["contender"], row["learning_rate"])]]
        for place, row in rows.iterrows()
        if (row["contender"], row["learning_rate"]) in tuning.index
    }
    known = pd.Series(
        {place: cost.median() for place, cost in costs.items() if cost.notna().all()}, dtype=float
    )
    if len(known) < 2 or not np.isfinite(known).any():
        return None
    best = rows.loc[known.fillna(np.inf).idxmin()]
    verdicts = {
        int(row["batch_size"]): contrast(findings, best, row, quantity).verdict
        for place, row in rows.iterrows()
        if place in known.index and place != best.name
    }
    worse, better = (c.LESS, c.FIRST_ONLY), (c.MORE, c.SECOND_ONLY)
    return Fastest(
        quantity,
        best,
        len(known),
        tuple(size for size, verdict in verdicts.items() if verdict not in worse + better),
        tuple(size for size, verdict in verdicts.items() if verdict in better),
        tuple(int(rows.loc[place, "batch_size"]) for place in rows.index.difference(known.index)),
    )


def fastest_sentences(findings: Findings) -> str:
    """Say which batch size needed the fewest evaluations of the network, and which the least time.

    The second only where there are prices: it is told beside the first, and changes nothing in it.
    """
    found = [fastest(findings, quantity) for quantity in ("evaluations", "seconds")]
    told = [_sentence(findings, each) for each in found if each is not None]
    if told and findings.seeds.apart:
        told.append("The tuning seeds chose it, the others are reported.")
    return " ".join(told)


def _sentence(findings: Findings, found: Fastest) -> str:
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
        f"of {findings.study.target:g}: {value}."
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
