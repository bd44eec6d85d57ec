"""What the reader must know before trusting the page: found in the data, by name and side."""

from __future__ import annotations

from perbatch.comparison.compare import Findings
from perbatch.comparison.wording import mode_name, number, rate


def caveats(findings: Findings) -> list[str]:
    """Return a sentence for each weakness of this very comparison; empty if none was found."""
    checks = (_seeds, _few_seeds, _edges, _budgets, _stopped, _failed, _diverged, _mini_batch, _prices)
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
    sentences = []
    table = findings.comparison
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


def _budgets(findings: Findings) -> list[str]:
    runs, table = findings.study.runs, findings.comparison
    sentences = []
    grids = runs.groupby("contender")["learning_rate"].agg(lambda rates: tuple(sorted(set(rates))))
    if grids.nunique() > 1:
        counts = "; ".join(f"{mode_name(row)}: {row['rates_tried']}" for _, row in table.iterrows())
        sentences.append(f"The modes were not tuned over the same learning rates (rates tried: {counts}).")
    if runs["epochs"].nunique() > 1:
        low, high = runs["epochs"].min(), runs["epochs"].max()
        sentences.append(f"The modes were given different budgets ({number(low)} to {number(high)} epochs).")
    return sentences


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
