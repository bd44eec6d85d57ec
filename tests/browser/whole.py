"""Planted runs that give every figure of the page something to draw."""

from pathlib import Path

import pandas as pd

from perbatch.claims import Evidence, check_claim, judge, ratios_of
from perbatch.report import CLAIM_FIGURES, Exhibit, exhibit, statements, write_report
from perbatch.sweep.studies import study_block
from planted import SETTINGS, N, contender, planted_throughput, results_of
from planted_studies import PLANTED

SEEDS = range(8)
TARGETS = {"digits": (0.2, 0.12), "diabetes": (0.2, 0.12)}


def whole_sweep(regression: bool = False) -> list:
    """Runs for every figure: two rates and one that diverges, all modes and controls."""
    runs = []
    for rate, later in ((0.1, 1), (0.3, 2)):
        kind = {"rate": rate, "seeds": SEEDS, "regression": regression, "raising": 1}
        runs += [
            *contender(lambda s, k=later: k * 60 + s, final=lambda s: 0.1 + s / 1000, **kind),
            *contender(lambda s, k=later: k * 96 + s, batch_size=32, final=lambda s: 0.11 + s / 900, **kind),
            *contender(lambda s, k=later: k * 400 + s, batch_size=N, final=0.15, **kind),
        ]
        repeat = {**kind, "checks": 2.0}
        for n, tolerance in ((3, 0.1), (10, 0.1), (10, 0.03), (1, 0.1)):
            runs += contender(lambda s, k=later: k * 70 + s, n=n, tolerance=tolerance, **repeat)
        runs += contender(lambda s, k=later: k * 90 + s, n=3, **repeat)
    lost = {"rate": 3.0, "seeds": SEEDS, "regression": regression}
    for settings in ({}, {"batch_size": 32}, {"n": 10, "tolerance": 0.1}):
        runs += contender(None, status="diverged", **settings, **lost)
    return runs + contender(None, final=0.4, batch_size=N, **lost)


def gallery(kinds: tuple[str, ...] = ("reproduced", "not reproduced", "undecided")) -> list[Exhibit]:
    """Every sweep of the gallery, their verdicts in turn."""
    exhibits = []
    for place, name in enumerate(PLANTED):
        evidence = planted(name, kinds[place % len(kinds)])
        exhibits.append(exhibit(judge(evidence), evidence))
    return exhibits


def planted(name: str, kind: str) -> Evidence:
    """The evidence of one study."""
    return Evidence(
        check_claim(name, {**study_block(name), "plan": None}, CLAIM_FIGURES), PLANTED[name](kind)
    )


def write_whole_report(folder: Path, regression: bool = False) -> Path:
    """Write the page of the runs above and return its path."""
    throughput = planted_throughput(regression=regression)
    chunks = throughput[throughput["batch_size"] >= 64].assign(micro_batch_size=32.0, peak_bytes=40_000)
    settings = type(SETTINGS)(TARGETS, SETTINGS.tuning_seeds, SETTINGS.mini_batch)
    table = pd.concat([throughput, chunks], ignore_index=True)
    results = results_of(whole_sweep(regression), table, settings)
    shown = [] if regression else gallery()
    rows = None if regression else ratios_of([planted("elsewhere", "reproduced")])
    write_report(results, statements(results, rows), folder, shown, elsewhere=rows)
    return folder / "report.html"
