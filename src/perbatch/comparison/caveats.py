"""What the reader must know before trusting the page: found in the data, by name and side."""

from __future__ import annotations

import pandas as pd

from perbatch.comparison.compare import Findings
from perbatch.comparison.floors import floor
from perbatch.comparison.speakers import speakers
from perbatch.comparison.wording import mode_name, number, rate


def caveats(findings: Findings) -> list[str]:
    """Return a sentence for each weakness of this very comparison; empty if none was found."""
    checks = (
        *(_seeds, _few_seeds, _edges, _rates, _tuning_seeds, _settings, _epochs, _stopped, _out_of_reach),
        *(_failed, _diverged, _mini_batch, _prices),
    )
    return [text for check in checks for text in check(findings)]


def _seeds(findings: Findings) -> list[str]:
    if findings.seeds.apart:
        return []
    seeds = ", ".join(map(str, findings.seeds.reported))
    return [
        f"The seeds reported ({seeds}) also chose the learning rates, so the results are a little too good."
    ]


def _few_seeds(findings: Findings) -> list[str]:
    n = len(findings.seeds.reported)
    if n == 1:
        return ["Only one seed is reported: there are no intervals, and no difference can be shown."]
    if n < 5:
        return [
            f"Only {n} seeds are reported: the intervals are wide and trust that seeds vary as "
            f"a bell curve does."
        ]
    return []


def _edges(findings: Findings) -> list[str]:
    parts = [*(each.comparison for each in findings.each), findings.final]
    table = pd.concat(parts).drop_duplicates(["contender", "learning_rate"])
    sentences = []
    for edge, side in (("low", "lowest"), ("high", "highest")):
        rows = table[table["rate_at_edge"] == edge]
        if len(rows):
            names = "; ".join(
                f"{mode_name(row)} ({rate(row['learning_rate'])})" for _, row in rows.iterrows()
            )
            sentences.append(
                f"The chosen rate is the {side} one tried, so a better one may lie beyond the "
                f"grid, for: {names}."
            )
    if (table["rate_at_edge"] == "only").any():
        names = "; ".join(mode_name(row) for _, row in table[table["rate_at_edge"] == "only"].iterrows())
        sentences.append(f"Only one learning rate was tried, so nothing was tuned, for: {names}.")
    return sentences


def _rates(findings: Findings) -> list[str]:
    return _unequal(
        findings,
        "The modes were not tuned over the same learning rates",
        findings.study.runs.groupby("contender")["learning_rate"].agg(_grid),
    )


def _epochs(findings: Findings) -> list[str]:
    epochs = findings.study.runs.groupby("contender")["epochs"].agg(
        lambda each: f"{number(each.max())} epochs"
    )
    return _unequal(findings, "The modes were given different budgets", epochs)


def _tuning_seeds(findings: Findings) -> list[str]:
    usable = findings.study.usable
    tuning = usable[usable["seed"].isin(findings.seeds.tuning)]
    counts = tuning.groupby(["contender", "learning_rate"]).size().groupby("contender").min()
    counts = counts.map(lambda n: f"{n} seed{'' if n == 1 else 's'} a rate")
    return _unequal(findings, "The modes were not tuned with equally many seeds", counts)


def _settings(findings: Findings) -> list[str]:
    """The repeat mode's n and tolerance are chosen too: more tries than a mode without them has."""
    repeat = speakers(findings).get("repeat")
    if repeat is None:
        return []
    table = findings.comparison
    rivals = (table["way"] == repeat["way"]) & (table["batch_size"] == repeat["batch_size"])
    tries = int(rivals.sum())
    if tries < 2:
        return []
    return [
        f"Repeating at M = {int(repeat['batch_size']):,} was tuned over {tries} settings of n and tolerance "
        f"besides the rate, so it had {tries} times the tries of the modes without them, which favours it."
    ]


def _out_of_reach(findings: Findings) -> list[str]:
    """Targets below the lowest loss that a contender ever had: no measure of its speed."""
    sentences = []
    for each in findings.each:
        missed = each.comparison[each.comparison["reached"] == 0]
        floors = [(mode_name(row), floor(findings.study, row["contender"])) for _, row in missed.iterrows()]
        told = [f"{name} ({text})" for name, (lowest, text) in floors if lowest > each.study.target]
        if told:
            sentences.append(
                f"A validation loss of {each.study.target:g} was out of reach, whatever the rate, for: "
                f"{'; '.join(told)}. That is no measure of speed."
            )
    return sentences


def _unequal(findings: Findings, lament: str, has: pd.Series) -> list[str]:
    """Say by name who has what, where not all have the same. `has` by contender."""
    if has.nunique() < 2:
        return []
    table = findings.comparison[findings.comparison["contender"].isin(has.index)]
    groups = table.groupby(table["contender"].map(has), sort=False)
    parts = [f"{what} for {'; '.join(mode_name(row) for _, row in rows.iterrows())}" for what, rows in groups]
    return [f"{lament}: {', but '.join(parts)}."]


def _grid(rates: pd.Series) -> str:
    tried = sorted(set(rates))
    return ", ".join(rate(each) for each in tried)


def _stopped(findings: Findings) -> list[str]:
    shown = findings.reported
    early = (shown["status"] == "finished") & (shown["presentations"] < shown["epochs"] * shown["n_train"])
    if not early.any():
        return []
    return [
        f"{int(early.sum())} of the {len(shown)} runs shown stopped at a validation loss they "
        f"were set to reach, "
        "so their final values are those at that moment, not the best they could do."
    ]


def _failed(findings: Findings) -> list[str]:
    failed = int((findings.study.runs["status"] == "failed").sum())
    if not failed:
        return []
    return [
        f"{failed} of {len(findings.study.runs)} runs failed and are missing from every number "
        f"but the ledger."
    ]


def _diverged(findings: Findings) -> list[str]:
    shown = findings.reported
    lost = shown[shown["status"] == "diverged"]
    if lost.empty:
        return []
    names = "; ".join(
        f"{mode_name(row)} ({int(count)} of {int(row['n'])})"
        for _, row in findings.comparison.iterrows()
        if (count := (lost["contender"] == row["contender"]).sum())
    )
    return [
        f"Even at the chosen rate some reported seeds diverged, which counts as the worst value: {names}."
    ]


def _mini_batch(findings: Findings) -> list[str]:
    size = findings.study.settings.mini_batch
    table = findings.comparison
    mini = table[table["mode"] == "mini-batch"]
    if mini.empty or (mini["batch_size"] == size).any():
        return []
    return [
        f"Mini-batch of {size}, declared beforehand to speak for mini-batches, was not run; no "
        f"other speaks for it."
    ]


def _prices(findings: Findings) -> list[str]:
    unpriced = findings.study.usable[findings.study.usable["gradient_us"].isna()]
    if unpriced.empty:
        return []
    if len(unpriced) == len(findings.study.usable):
        first = unpriced.iloc[0]
        setting = (
            f"{first['engine']}, {first['dtype']}, {first['sizes']}, {first['loss']}, {first['activation']}"
        )
        return [f"The benchmark has no row for this network ({setting}), so there are no seconds."]
    sizes = ", ".join(f"{int(size):,}" for size in sorted(unpriced["batch_size"].unique()))
    return [f"The benchmark does not cover batch size {sizes}: there the seconds are missing."]
