"""The tables behind the page's claims: pairs on every clock, every target, the stable rates."""

import math

import pandas as pd

from perbatch.analysis.contenders import named
from perbatch.analysis.contrasts import ContrastVerdict
from perbatch.analysis.pairs import PLAIN, pairs
from perbatch.analysis.representatives import (
    best_repeats,
    plain_rows,
    repeat_and_plain,
    representatives,
)
from perbatch.analysis.results import Results
from perbatch.analysis.stable_rates import stable_ranges
from perbatch.analysis.statistics import Estimate
from perbatch.analysis.survival import survival
from perbatch.analysis.variants import across, axis, variant, variants
from perbatch.report.tables import Cell, Table
from perbatch.report.wording import SHOWN_QUANTITIES, UNITS, clock_unit, interval, listed, number, rate, share

HEADS = [UNITS[quantity] for quantity in SHOWN_QUANTITIES]
VERDICTS = {
    **{outcome: str(outcome) for outcome in ContrastVerdict},
    ContrastVerdict.FIRST_ONLY: "only it got there",
    ContrastVerdict.SECOND_ONLY: "only the other",
    ContrastVerdict.NEITHER: "neither got there",
}


def pairs_table(results: Results) -> Table | None:
    """Return a row a pair of representatives, a column a clock: how much less the first one needs."""
    table = _at_target(results)
    if table.empty:
        return None
    names = _names(results)
    rows = []
    for (first, second), pair in table.groupby(["first", "second"], sort=False):
        cells = {row["quantity"]: _pair_cell(row) for _, row in pair.iterrows()}
        head = Cell(names[first], f"against {names[second]}")
        rows.append([head, *(cells[quantity] for quantity in SHOWN_QUANTITIES)])
    return Table(["pair", *HEADS], rows)


def swept_table(results: Results) -> Table | None:
    """Return a row a mode and two values of what was swept beside the modes, a column a clock."""
    if len(variants(results)) == 1:
        return None
    found = _at_target(results).set_index(["first_contender", "second_contender", "quantity"])
    rows = []
    for each, (first, second), row, other in across(results):
        if each is results:
            keys = [(row["contender"], other["contender"], quantity) for quantity in SHOWN_QUANTITIES]
            head = Cell(named({**row, "variant": ""}).long, f"{first} against {second}")
            rows.append([head, *(_pair_cell(found.loc[key]) for key in keys)])
    return Table(["mode", *HEADS], rows)


def swept_sentence(results: Results) -> str:
    """Say what was swept beside the modes, and what of the page is about its first value alone."""
    first, *others = map(variant, variants(results))
    return (
        f"The sweep varied {axis(results)} too: {listed([first, *others])}, {len(results.sweep.runs):,} runs "
        "in all; each mode has its own rate with each. The answers and figures of this page are about "
        f"{first}. The tables of all modes and of all runs have the others too, and one beside them "
        f"compares {first} with {listed(others)} in the same mode."
    )


def together_sentence(results: Results) -> str:
    """Say how many comparisons there are, and which of those that the answers rest on stand together."""
    table = pairs(results)
    family = table[table["together"].notna()]
    if family.empty:
        return ""
    names = _names(results)
    told = {
        held: [
            f"{names[row['first']]} against {names[row['second']]} in {UNITS[row['quantity']]}"
            for _, row in family[family["together"] == held].iterrows()
        ]
        for held in (True, False)
    }
    text = (
        f"At all targets and on all clocks these are {len(table)} comparisons. The answers rest on "
        f"{len(family)} of them: passes and work to this target, the first on the smallest batch against the "
        f"largest in epochs, the second on repeating against one update per visit in evaluations. Held at "
        f"5 % together (Holm's method), {len(told[True])} of these {len(family)} show a difference"
    )
    return f"{text}; not {listed(told[False])}." if told[False] else f"{text}."


def clocks_sentence(results: Results) -> str:
    """Say what repeating needs on each clock against one update per visit, and where the seconds go."""
    table = _at_target(results)
    table = table[(table["first"] == "repeat") & (table["verdict"] != ContrastVerdict.UNPRICED)]
    if table.empty or not all(ContrastVerdict(each).judged for each in table["verdict"]):
        return ""
    told = [f"{_pair_cell(row).text} in {UNITS[row['quantity']]}" for _, row in table.iterrows()]
    text = f"Clock by clock, against one update per visit: {', '.join(told)}."
    verdicts = dict(zip(table["quantity"], table["verdict"], strict=True))
    less = ContrastVerdict.LESS
    if verdicts["gradient_evaluations"] == less != verdicts["evaluations"]:
        text += " The gradients that it saves go into forward passes, which ask whether a loss is low enough."
    return text


def targets_table(results: Results) -> Table | None:
    """Return a row a target and mode's representative: share reached, and the median on every clock."""
    if len(results.sweep.targets) < 2:
        return None
    table, rows = survival(results), []
    factor, clock = clock_unit(table.loc[table["quantity"] == "seconds", "median"])
    for (target, _), mine in table.groupby(["target", "contender"], sort=False):
        cells = {
            found["quantity"]: _median_cell(found, factor if found["quantity"] == "seconds" else 1.0)
            for _, found in mine.iterrows()
        }
        first = mine.iloc[0]
        reached = Cell(
            f"{round(first['reached'] * first['n'])} of {int(first['n'])}",
            f"{share(first['reached_low'])} to {share(first['reached_high'])}" if first["n"] else "",
        )
        head = Cell(f"{target:g}: {_short(first)}", f"rate {rate(first['learning_rate'])}")
        rows.append([head, reached, *(cells[quantity] for quantity in SHOWN_QUANTITIES)])
    return Table(["target: mode", "reached by", *HEADS[:-1], clock], rows)


def ranges_table(results: Results) -> Table:
    """Return the stable range of rates of each batch size, plain and repeated."""
    shown = pd.concat([plain_rows(results), best_repeats(results)])
    table = stable_ranges(results.sweep).set_index("contender")
    rows = []
    for _, row in shown.iterrows():
        found = table.loc[row["contender"]]
        head = Cell(*named(row).parts)
        if math.isnan(found["low"]):
            rows.append([head, Cell("none"), Cell("none"), Cell("none"), Cell(rate(row["learning_rate"]))])
            continue
        low = Cell(rate(found["low"]), "lowest tried" if found["open_low"] else "")
        high = Cell(rate(found["high"]), "highest tried" if found["open_high"] else "")
        gaps = int(found["gaps"])
        wide = Cell(number(found["octaves"]), f"{gaps} unstable between" if gaps else "")
        rows.append([head, low, high, wide, Cell(rate(row["learning_rate"]))])
    return Table(["mode", "lowest stable rate", "highest stable rate", "octaves", "chosen rate"], rows)


def _at_target(results: Results) -> pd.DataFrame:
    """The pairs at the target that the answers speak of."""
    table = pairs(results)
    return table[table["target"] == results.sweep.target]


def _names(results: Results) -> dict[str, str]:
    names = {name: _short(row) for name, row in representatives(results).items()}
    pair = repeat_and_plain(results)
    return names if pair is None else names | {PLAIN: f"one update per visit, M = {pair[1]['batch_size']:,}"}


def _short(row: pd.Series) -> str:
    return "repeat" if row["mode"] == "repeat" else named(row).long


def _pair_cell(row: pd.Series) -> Cell:
    ratio = Estimate.of(row, "ratio")
    if row["verdict"] in (ContrastVerdict.LESS, ContrastVerdict.MORE):
        factor = ratio if row["verdict"] == ContrastVerdict.LESS else ratio.inverse
        middle = number(factor.value) if math.isfinite(factor.value) else f"at least {number(factor.low)}"
        text = f"{middle} times {row['verdict']}"
    else:
        factor, text = ratio, VERDICTS[row["verdict"]]
    ends = interval(factor)
    if row["verdict"] == ContrastVerdict.SAME and ends:
        ends = f"ratio {ends}"
    known = math.isfinite(row["improvement"]) and row["verdict"] != ContrastVerdict.NEITHER
    better = share(row["improvement"]) if known else ""
    return Cell(text, ends, f"better in {better}" if better else "")


def _median_cell(row: pd.Series, factor: float) -> Cell:
    if pd.isna(row["median"]):
        ran = f"after {number(row['spent'] * factor)}" if pd.notna(row["spent"]) else ""
        return Cell("not reached" if row["n"] else "no run", ran)
    median = Estimate.of(row, "median").times(factor)
    return Cell(number(median.value), interval(median))
