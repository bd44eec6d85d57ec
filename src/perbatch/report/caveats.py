"""What the reader must know before trusting the page: found in the data, by name and side."""

import math

import pandas as pd

from perbatch import advice
from perbatch.analysis.contenders import named
from perbatch.analysis.representatives import representatives
from perbatch.analysis.results import Results
from perbatch.analysis.sweep import Sweep
from perbatch.report.wording import number, rate

RISE = 1.05
"""A final loss above the lowest one by this factor is overfitting, and not the noise of single updates."""


def caveats(results: Results) -> list[str]:
    """Return a sentence for each weakness of this very comparison; empty if none was found."""
    checks = (
        *(_seeds, _few_seeds, _edges, _rates, _tuning_seeds, _settings, _epochs, _stopped, _out_of_reach),
        *(_failed, _diverged, _mini_batch, _prices),
    )
    return [text for check in checks for text in check(results)]


def _seeds(results: Results) -> list[str]:
    if results.seeds.apart:
        return []
    seeds = ", ".join(map(str, results.seeds.reported))
    return [
        f"The seeds reported ({seeds}) also chose the learning rates, so the results are a little too good."
    ]


def _few_seeds(results: Results) -> list[str]:
    n = len(results.seeds.reported)
    if n == 1:
        return ["Only one seed is reported: there are no intervals, and no difference can be shown."]
    if n < 5:
        return [
            f"Only {n} seeds are reported: the intervals are wide and trust that seeds vary as "
            f"a bell curve does."
        ]
    return []


def _edges(results: Results) -> list[str]:
    every = [*results.each, *([results.ending] if results.ending else [])]
    table = pd.concat([each.comparison for each in every]).drop_duplicates(["contender", "learning_rate"])
    sentences = []
    for edge, side in (("low", "lowest"), ("high", "highest")):
        rows = table[table["rate_at_edge"] == edge]
        if len(rows):
            names = "; ".join(
                f"{named(row).long} ({rate(row['learning_rate'])})" for _, row in rows.iterrows()
            )
            sentences.append(
                f"The chosen rate is the {side} one tried, so a better one may lie beyond the "
                f"grid, for: {names}."
            )
    if (table["rate_at_edge"] == "only").any():
        names = "; ".join(named(row).long for _, row in table[table["rate_at_edge"] == "only"].iterrows())
        sentences.append(f"Only one learning rate was tried, so nothing was tuned, for: {names}.")
    return sentences


def _rates(results: Results) -> list[str]:
    return _unequal(
        results,
        "The modes were not tuned over the same learning rates",
        results.sweep.runs.groupby("contender")["learning_rate"].agg(_grid),
    )


def _epochs(results: Results) -> list[str]:
    epochs = results.sweep.runs.groupby("contender")["epochs"].agg(
        lambda each: f"{number(each.max())} epochs"
    )
    return _unequal(results, "The modes were given different budgets", epochs)


def _tuning_seeds(results: Results) -> list[str]:
    usable = results.sweep.usable
    tuning = usable[usable["seed"].isin(results.seeds.tuning)]
    counts = tuning.groupby(["contender", "learning_rate"]).size().groupby("contender").min()
    counts = counts.map(lambda n: f"{n} seed{'' if n == 1 else 's'} a rate")
    return _unequal(results, "The modes were not tuned with equally many seeds", counts)


def _settings(results: Results) -> list[str]:
    """The repeat mode's n and tolerance are chosen too: more tries than a mode without them has."""
    repeat = representatives(results).get("repeat")
    if repeat is None:
        return []
    table = results.comparison
    rivals = (table["way"] == repeat["way"]) & (table["batch_size"] == repeat["batch_size"])
    tries = int(rivals.sum())
    if tries < 2:
        return []
    return [
        f"Repeating at M = {int(repeat['batch_size']):,} was tuned over {tries} settings of n and tolerance "
        f"besides the rate, so it had {tries} times the tries of the modes without them, which favours it."
    ]


def _out_of_reach(results: Results) -> list[str]:
    """Targets below the lowest loss that a contender ever had: no measure of its speed."""
    sentences = []
    for each in results.each:
        missed = each.comparison[each.comparison["reached"] == 0]
        lowest_losses = [
            (named(row).long, lowest_loss(results.sweep, row["contender"])) for _, row in missed.iterrows()
        ]
        told = [f"{name} ({text})" for name, (lowest, text) in lowest_losses if lowest > each.sweep.target]
        if told:
            sentences.append(
                f"A validation loss of {each.sweep.target:g} was out of reach, whatever the rate, for: "
                f"{'; '.join(told)}. That is no measure of speed."
            )
    return sentences


def _unequal(results: Results, lament: str, has: pd.Series) -> list[str]:
    """Say by name who has what, where not all have the same. `has` by contender."""
    if has.nunique() < 2:
        return []
    table = results.comparison[results.comparison["contender"].isin(has.index)]
    groups = table.groupby(table["contender"].map(has), sort=False)
    parts = [
        f"{what} for {'; '.join(named(row).long for _, row in rows.iterrows())}" for what, rows in groups
    ]
    return [f"{lament}: {', but '.join(parts)}."]


def _grid(rates: pd.Series) -> str:
    tried = sorted(set(rates))
    return ", ".join(rate(each) for each in tried)


def _stopped(results: Results) -> list[str]:
    shown = results.reported
    early = (shown["status"] == "finished") & (shown["presentations"] < shown["epochs"] * shown["n_train"])
    if not early.any():
        return []
    return [
        f"{int(early.sum())} of the {len(shown)} runs shown stopped at a validation loss they "
        f"were set to reach, "
        "so their final values are those at that moment, not the best they could do."
    ]


def _failed(results: Results) -> list[str]:
    failed = int((results.sweep.runs["status"] == "failed").sum())
    if not failed:
        return []
    return [
        f"{failed} of {len(results.sweep.runs)} runs failed and are missing from every number but the ledger."
    ]


def _diverged(results: Results) -> list[str]:
    shown = results.reported
    lost = shown[shown["lost"]]
    if lost.empty:
        return []
    names = "; ".join(
        f"{named(row).long} ({int(count)} of {int(row['n'])})"
        for _, row in results.comparison.iterrows()
        if (count := (lost["contender"] == row["contender"]).sum())
    )
    return [
        "Even at the chosen rate some reported seeds diverged, or ended above the loss they started from, "
        f"which counts as the worst value: {names}."
    ]


def _mini_batch(results: Results) -> list[str]:
    size = results.sweep.settings.mini_batch
    table = results.comparison
    mini = table[table["mode"] == "mini-batch"]
    if mini.empty or (mini["batch_size"] == size).any():
        return []
    return [
        f"Mini-batch of {size}, declared beforehand to speak for mini-batches, was not run; no "
        f"other speaks for it."
    ]


def _prices(results: Results) -> list[str]:
    unpriced = results.sweep.usable[results.sweep.usable["gradient_us"].isna()]
    if unpriced.empty:
        return []
    if len(unpriced) == len(results.sweep.usable):
        first, ends = unpriced.iloc[0], (unpriced["batch_size"].min(), unpriced["batch_size"].max())
        return [
            f"The benchmark has no row for this network with the engine {first['engine']} in "
            f"{first['dtype']}, so there are no seconds. To have them, {advice.time(first, ends)}."
        ]
    sizes = ", ".join(f"{int(size):,}" for size in sorted(unpriced["batch_size"].unique()))
    return [f"The benchmark does not cover batch size {sizes}: there the seconds are missing."]


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
