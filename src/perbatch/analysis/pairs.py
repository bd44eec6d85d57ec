"""'Tends to approximate the desired function more rapidly', tested on each of the four axes."""

from collections.abc import Iterable, Iterator

import pandas as pd

from perbatch.analysis.columns import columns_of
from perbatch.analysis.contrasts import contrast
from perbatch.analysis.costs import QUANTITIES
from perbatch.analysis.representatives import repeat_and_plain, representatives
from perbatch.analysis.results import Results, fact
from perbatch.analysis.statistics import holm
from perbatch.analysis.variants import across, stacked, variants

PAIRS = (("stochastic", "full_batch"), ("stochastic", "mini_batch"), ("mini_batch", "full_batch"))
PLAIN = "plain"
Pair = tuple[Results, tuple[str, str], pd.Series, pd.Series]
"""At which target, what the two are called, and their rows of the comparison."""

ANSWERED = ("epochs", "evaluations")
"""The clocks that the answers speak of: passes in the first, work in the second."""


@fact
def pairs(results: Results) -> pd.DataFrame:
    """Return a row a target, pair of representatives and quantity; each seed against itself.

    Where one thing more was swept: the pairs of each of its values, then the same mode at two values.

    first, second: names of `representatives`, or for repeat `plain`, the same batch size without repeating;
    or the two values.
    ratio: how many times the first one's need the second has (above 1: the first is faster), ratio_low,
    ratio_high, kind; an end may be infinite. improvement: share of seeds in which the first needs less, with
    improvement_low and _high. verdict: one of those in `contrast`, of the first. Each interval is a 95 % one
    of its own: among many rows some err. p_value: of no difference. together: whether there is one at a
    level of 5 % over all rows that the answers rest on (Holm), which are those of the first target in
    ANSWERED; missing for the others. Each value, and the comparison of values, is a family of its own.
    """
    parts = variants(results)
    tables = [_table(each.sweep.target, _pairs(each)) for each in parts]
    if len(parts) > 1:
        tables.append(_table(results.sweep.target, across(results)))
    return stacked(tables)


def _table(target: float, pairs: Iterable[Pair]) -> pd.DataFrame:
    """The rows of some pairs, and which of them at the target stand together."""
    rows = [_row(*pair, quantity) for pair in pairs for quantity in QUANTITIES]
    table = pd.DataFrame(rows, columns=columns_of("pairs.csv"))
    first = (table["target"] == target) & table["quantity"].isin(ANSWERED)
    family = table[first & table["p_value"].notna()]
    told = pd.Series(holm(family["p_value"].tolist()), index=family.index, dtype=object)
    return table.assign(together=told.reindex(table.index))


def _pairs(results: Results) -> Iterator[Pair]:
    """The pairs of representatives at every target."""
    for each in results.each:
        rows = representatives(each)
        for names in PAIRS:
            if names[0] in rows and names[1] in rows:
                yield each, names, rows[names[0]], rows[names[1]]
        if (pair := repeat_and_plain(each)) is not None:
            yield each, ("repeat", PLAIN), *pair


def _row(
    results: Results, names: tuple[str, str], first: pd.Series, second: pd.Series, quantity: str
) -> dict[str, object]:
    found = contrast(results, first, second, quantity)
    return {
        "target": results.sweep.target,
        "first": names[0],
        "second": names[1],
        "first_contender": first["contender"],
        "second_contender": second["contender"],
        "quantity": quantity,
        "n": found.n,
        **found.ratio.columns("ratio"),
        "kind": found.ratio.kind,
        **found.improvement.columns("improvement"),
        "verdict": found.verdict,
        "p_value": found.p_value,
    }
