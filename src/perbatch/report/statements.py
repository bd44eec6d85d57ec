"""Every statement that the data decide: answers.json, which the page, the README and MLflow's notes read."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from perbatch.analysis.contenders import settings_of
from perbatch.analysis.results import Results
from perbatch.analysis.statistics import rounded
from perbatch.analysis.variants import variants
from perbatch.files import replace
from perbatch.report.answers import (
    Answer,
    answer_elsewhere,
    answer_repeat,
    answer_scores,
    answer_seconds,
    answer_when,
    retention,
)
from perbatch.report.caveats import caveats
from perbatch.report.citation import citation
from perbatch.report.elsewhere import elsewhere_sentences, first_elsewhere, first_repeat_elsewhere
from perbatch.report.evidence_tables import clocks_sentence, swept_sentence, together_sentence
from perbatch.report.figures.best_rates import edge_warning, rate_growth
from perbatch.report.figures.memory import memory_sentence
from perbatch.report.figures.throughput import throughput_sentence
from perbatch.report.findings import (
    evaluations_sentence,
    fastest_sentences,
    powers_sentence,
    stability_sentence,
)
from perbatch.report.first import first_kept, first_powers, first_repeat, first_size, first_when, headline
from perbatch.report.readme import modes, readme_block
from perbatch.report.repeating import apart, beside, champion_sentence, equal_cost_sentence

Statements = Mapping[str, Any]


def statements(results: Results, elsewhere: pd.DataFrame | None = None) -> Statements:
    """Return what the page claims: the two answers with their numbers, and every other sentence by name.

    `first_...` and `headline` are the page's first layer: the answers in plain words. `elsewhere` are the
    ratios on other data sets, if there are any, and `data_sets` the sentences about them.

    A sentence that these data do not support is empty. `modes` are the rows of the README's table, `readme`
    is its first screen, empty for regression. Where one thing more was swept, all but the caveats and the
    champion is about its first value, as the sentence `swept` says.
    """
    whole, results = results, variants(results)[0]
    priced = results.sweep.benchmark
    many = len(priced) > 1
    rows = pd.DataFrame() if elsewhere is None else elsewhere
    return {
        "name": results.name,
        "target": results.sweep.target,
        "when": _told(answer_when(results)),
        "again": _told(answer_repeat(results)),
        "sentences": {
            "first_when": first_when(results),
            "first_size": first_size(results),
            "first_repeat": first_repeat(results),
            "first_kept": first_kept(results),
            "first_powers": first_powers(priced),
            "first_elsewhere": first_elsewhere(rows),
            "first_repeat_elsewhere": first_repeat_elsewhere(rows),
            "again_beside": beside(results),
            "headline": headline(results),
            "apart": apart(results),
            "champion": champion_sentence(whole),
            "equal_cost": equal_cost_sentence(results),
            "fastest": fastest_sentences(results),
            "evaluations": evaluations_sentence(priced),
            "citation": citation(whole),
            "clocks": clocks_sentence(results),
            "together": together_sentence(results),
            "elsewhere": answer_elsewhere(results),
            "seconds": answer_seconds(results),
            "scores": answer_scores(results),
            "retention": retention(results),
            "growth": rate_growth(results),
            "edge": edge_warning(results),
            "throughput": throughput_sentence(priced) if many else "",
            "powers": powers_sentence(priced) if many else "",
            "stable": stability_sentence(results),
            "memory": memory_sentence(results.sweep.memory) if many else "",
            **({"swept": swept_sentence(whole)} if whole is not results else {}),
        },
        "data_sets": elsewhere_sentences(rows),
        "caveats": caveats(whole),
        "modes": {name: _mode(label, row) for name, (label, row) in modes(results).items()},
        "readme": ""
        if results.sweep.regression
        else readme_block(results, first_elsewhere(rows), first_repeat_elsewhere(rows)),
    }


def write_statements(said: Statements, folder: Path) -> None:
    """Write answers.json into `folder`; the same bytes from the same statements."""
    text = json.dumps(said, indent=2, ensure_ascii=False, allow_nan=False)
    replace(folder / "answers.json", text + "\n")


def _told(answer: Answer) -> dict[str, Any]:
    told: dict[str, Any] = {"verdict": str(answer.verdict), "sentence": answer.sentence}
    if answer.found is None:
        return told
    ratio = answer.found.ratio
    ends = {"ratio": ratio.value, "ratio_low": ratio.low, "ratio_high": ratio.high}
    numbers = {name: rounded(end) for name, end in ends.items()}
    return told | {"quantity": answer.found.quantity, **numbers, "n": ratio.n, "kind": ratio.kind}


def _mode(label: str, row: pd.Series) -> dict[str, Any]:
    told = settings_of(row) | {"learning_rate": row["learning_rate"]}
    plain = {key: None if pd.isna(value) else value for key, value in told.items()}
    return {"label": label, **{key: getattr(each, "item", lambda v=each: v)() for key, each in plain.items()}}
