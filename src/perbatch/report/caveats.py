"""What the reader must know before trusting the page: found in the data, by name and side."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from perbatch import advice
from perbatch.analysis.contenders import named, swept
from perbatch.analysis.representatives import representatives
from perbatch.analysis.results import Results
from perbatch.analysis.sweep import Sweep
from perbatch.analysis.variants import variants
from perbatch.overrides import of_run
from perbatch.report.wording import number, rate, tried_space

RISE = 1.05
"""A final loss above the lowest one by this factor is overfitting, and not the noise of single updates."""


def caveats(results: Results) -> list[str]:
    """Return a sentence for each weakness of this very comparison; empty if none was found."""
    checks = (_seeds, _misplaced, _edges, _tuning, _tries, _budgets, _out_of_reach, _lost, _not_run, _prices)
    # Some are about one value of what was swept beside the modes, and may say the same of two.
    parts = {check: variants(results) if check in (_tries, _prices) else (results,) for check in checks}
    return list(dict.fromkeys(text for check in checks for each in parts[check] for text in check(each)))


def _seeds(results: Results) -> Iterator[str]:
    seeds = results.seeds.reported
    if not results.seeds.apart:
        yield (
            f"The seeds reported ({', '.join(map(str, seeds))}) also chose the learning rates, so the "
            "results are a little too good."
        )
    if len(seeds) == 1:
        yield "Only one seed is reported: there are no intervals, and no difference can be shown."
    elif len(seeds) < 5:
        yield (
            f"Only {len(seeds)} seeds are reported: the intervals are wide and trust that seeds vary as a "
            "bell curve does."
        )


def _misplaced(results: Results) -> Iterator[str]:
    """More seeds that were run at another rate than the one that tuning chose, and where they belong."""
    sweep, lines, names = results.sweep, [], []
    reported = sweep.usable[sweep.usable["seed"].isin(results.seeds.reported)]
    for _, row in results.comparison.iterrows():
        mine = reported[reported["contender"] == row["contender"]]
        at_rates = mine.groupby("learning_rate")["seed"].agg(set)
        seeds = at_rates.get(row["learning_rate"], set())
        more = max(at_rates, key=len, default=set()) - seeds
        if more:
            names.append(f"{named(row).long} ({rate(row['learning_rate'])})")
            own = of_run(mine.iloc[0].to_dict(), swept(sweep.runs))
            lines.append(_line(own, row["learning_rate"], sorted(map(int, more))))
    if lines:
        yield (
            f"More seeds were run at another rate than the chosen one, where they count for nothing, for: "
            f"{'; '.join(names)}. In params.yaml, put in their place under train.grids: "
            f"{' and '.join(lines)}."
        )


def _line(own: Mapping[str, Any], chosen: float, seeds: list[int]) -> str:
    once = seeds == list(range(seeds[0], seeds[-1] + 1)) and len(seeds) > 1
    seed = f"'range({seeds[0]},{seeds[-1] + 1})'" if once else seeds
    keys = {**own, "learning_rate": f"{chosen:g}", "seed": seed}
    return (
        "{" + ", ".join(f"{key}: {'null' if value is None else value}" for key, value in keys.items()) + "}"
    )


def _edges(results: Results) -> Iterator[str]:
    every = [*results.each, *([results.ending] if results.ending else [])]
    table = pd.concat([each.comparison for each in every]).drop_duplicates(["contender", "learning_rate"])
    space = tried_space(results.sweep)
    for edge, side in (("low", "lowest"), ("high", "highest")):
        rows = [row for _, row in table[table["rate_at_edge"] == edge].iterrows()]
        if rows:
            names = "; ".join(f"{named(row).long} ({rate(row['learning_rate'])})" for row in rows)
            where = f"near the {edge} end" if results.sweep.searched else f"the {side} one tried"
            yield (f"The chosen rate is {where}, so a better one may lie beyond the {space}, for: {names}.")
    if (table["rate_at_edge"] == "only").any():
        names = _names(table[table["rate_at_edge"] == "only"])
        yield f"Only one learning rate was tried, so nothing was tuned, for: {names}."


def _tuning(results: Results) -> Iterator[str]:
    if not results.sweep.searched:  # a search has the same interval and as many trials for all
        grids = results.sweep.runs.groupby("contender")["learning_rate"]
        grids = grids.agg(lambda rates: ", ".join(map(rate, sorted(set(rates)))))
        yield from _unequal(results, "The modes were not tuned over the same learning rates", grids)
    usable = results.sweep.usable
    tuning = usable[usable["seed"].isin(results.seeds.tuning)]
    counts = tuning.groupby(["contender", "learning_rate"]).size().groupby("contender").min()
    counts = counts.map(lambda n: f"{n} seed{'' if n == 1 else 's'} a rate")
    yield from _unequal(results, "The modes were not tuned with equally many seeds", counts)


def _tries(results: Results) -> Iterator[str]:
    """The repeat mode's n and tolerance are chosen too: more tries than a mode without them has."""
    repeat, table = representatives(results).get("repeat"), results.comparison
    if repeat is not None:
        size = int(repeat["batch_size"])
        tries = int(((table["way"] == repeat["way"]) & (table["batch_size"] == size)).sum())
        if tries > 1:
            yield (
                f"Repeating at M = {size:,} was tuned over {tries} settings of n and tolerance besides the "
                f"rate, so it had {tries} times the tries of the modes without them, which favours it."
            )


def _budgets(results: Results) -> Iterator[str]:
    epochs = results.sweep.runs.groupby("contender")["epochs"]
    epochs = epochs.agg(lambda each: f"{number(each.max())} epochs")
    yield from _unequal(results, "The modes were given different budgets", epochs)
    shown = results.reported
    early = (shown["status"] == "finished") & (shown["presentations"] < shown["epochs"] * shown["n_train"])
    if early.any():
        yield (
            f"{int(early.sum())} of the {len(shown)} runs shown stopped at a validation loss they were set "
            "to reach, so their final values are those at that moment, not the best they could do."
        )


def _out_of_reach(results: Results) -> Iterator[str]:
    """Targets below the lowest loss that a contender ever had: no measure of its speed."""
    for each in results.each:
        missed = each.comparison[each.comparison["reached"] == 0]
        lowest_losses = [
            (named(row).long, lowest_loss(results.sweep, row["contender"])) for _, row in missed.iterrows()
        ]
        told = [f"{name} ({text})" for name, (lowest, text) in lowest_losses if lowest > each.sweep.target]
        if told:
            yield (
                f"A validation loss of {each.sweep.target:g} was out of reach, whatever the rate, for: "
                f"{'; '.join(told)}. That is no measure of speed."
            )


def _lost(results: Results) -> Iterator[str]:
    failed = int(results.sweep.statuses["failed"].sum())
    if failed:
        yield (
            f"{failed} of {len(results.sweep.runs)} runs failed and are missing from every number but the "
            "ledger."
        )
    lost = results.reported.groupby("contender")["lost"].sum()
    names = "; ".join(
        f"{named(row).long} ({int(lost[row['contender']])} of {int(row['n'])})"
        for _, row in results.comparison.iterrows()
        if lost.get(row["contender"], 0)
    )
    if names:
        yield (
            "Even at the chosen rate some reported seeds diverged, or ended above the loss they started "
            f"from, which counts as the worst value: {names}."
        )


def _not_run(results: Results) -> Iterator[str]:
    size, table = results.sweep.settings.mini_batch, results.comparison
    mini = table[table["mode"] == "mini-batch"]
    if len(mini) and not (mini["batch_size"] == size).any():
        yield (
            f"Mini-batch of {size}, declared beforehand to speak for mini-batches, was not run; no other "
            "speaks for it."
        )


def _prices(results: Results) -> Iterator[str]:
    unpriced = results.sweep.usable[results.sweep.usable["gradient_us"].isna()]
    if len(unpriced) and len(unpriced) == len(results.sweep.usable):
        first, ends = unpriced.iloc[0], (unpriced["batch_size"].min(), unpriced["batch_size"].max())
        yield (
            f"The benchmark has no row for this network with the engine {first['engine']} in "
            f"{first['dtype']}, so there are no seconds. To have them, {advice.time(first, ends)}."
        )
    elif len(unpriced):
        sizes = ", ".join(f"{int(size):,}" for size in sorted(unpriced["batch_size"].unique()))
        yield f"The benchmark does not cover batch size {sizes}: there the seconds are missing."


def _unequal(results: Results, lament: str, has: pd.Series) -> Iterator[str]:
    """Say by name who has what, where not all have the same. `has` by contender."""
    if has.nunique() > 1:
        table = results.comparison[results.comparison["contender"].isin(has.index)]
        groups = table.groupby(table["contender"].map(has), sort=False)
        yield f"{lament}: {', but '.join(f'{what} for {_names(rows)}' for what, rows in groups)}."


def _names(rows: pd.DataFrame) -> str:
    return "; ".join(named(row).long for _, row in rows.iterrows())


def lowest_loss(sweep: Sweep, contender: str) -> tuple[float, str]:
    """Return the lowest validation loss (median over seeds, at the best rate) and how it came to an end.

    Infinite where there is none.
    """
    runs = sweep.usable[sweep.usable["contender"] == contender]
    history = sweep.history_of(runs)
    lowest = runs["identity"].map(history.groupby("identity")["validation_loss"].min())
    table = runs.assign(lowest=lowest).groupby("learning_rate")[["lowest", "final_loss"]].median()
    if not table["lowest"].notna().any():
        return math.inf, "no loss at all"
    best: pd.Series = table.loc[table["lowest"].idxmin()]
    text = f"lowest {number(best['lowest'])}"
    if best["final_loss"] > RISE * best["lowest"]:
        return float(best["lowest"]), f"{text}, then rising: more epochs do not help"
    return float(best["lowest"]), f"{text} at the end: more epochs may help"
