"""report.html: one self-contained page, made from the findings alone."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import vl_convert
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from perbatch.comparison.answers import (
    answer_elsewhere,
    answer_repeat,
    answer_scores,
    answer_seconds,
    answer_when,
    retention,
)
from perbatch.comparison.caveats import caveats
from perbatch.comparison.citation import citation
from perbatch.comparison.compare import Findings
from perbatch.comparison.fastest import fastest_sentences
from perbatch.comparison.figures.best_rates import edge_warning, rate_growth
from perbatch.comparison.figures.live import chosen_steps
from perbatch.comparison.figures.loss_data import band_sentence
from perbatch.comparison.figures.memory import memory_sentence
from perbatch.comparison.figures.rates import CEILING
from perbatch.comparison.figures.strips import first_epoch
from perbatch.comparison.figures.throughput import throughput_sentence
from perbatch.comparison.page_evidence import clocks_sentence, pairs_table, ranges_table, targets_table
from perbatch.comparison.page_figures import Figures, page_figures
from perbatch.comparison.page_tables import ledger, modes_table
from perbatch.comparison.papers import reading
from perbatch.comparison.powers import powers_sentence
from perbatch.comparison.prices import evaluations_sentence
from perbatch.comparison.ranges import LEARNED
from perbatch.comparison.repeating import (
    apart,
    beside,
    champion_sentence,
    equal_cost_sentence,
    headline,
)
from perbatch.comparison.reproduce import benchmark_rows, commands, memory_rows, provenance
from perbatch.comparison.speakers import speakers
from perbatch.comparison.stability import stability_sentence
from perbatch.comparison.studies.gallery import Exhibit
from perbatch.comparison.wording import UNITS, mode_name, number, rate, share
from perbatch.files import replace

DOCS = "../../docs"


def write_report(findings: Findings, folder: Path, studies: Sequence[Exhibit] = (), docs: str = DOCS) -> None:
    """Write report.html into `folder`; the same bytes from the same findings and studies."""
    replace(folder / "report.html", render(findings, studies, docs))


def render(findings: Findings, studies: Sequence[Exhibit] = (), docs: str = DOCS) -> str:
    """Return the page: no outside request, every figure inline SVG, two of them livened by a script.

    `docs` is the address of the folder of the documentation, as seen from the page.
    """
    loader = PackageLoader("perbatch.comparison", "page")
    pages = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    figures = page_figures(findings)
    page = pages.get_template("report.html.j2").render(
        style=Markup(_source(pages, "report.css")),
        figures=figures,
        studies=studies,
        docs=docs,
        **_words(findings, figures),
        **_tables(findings),
        **_script(pages, findings, figures),
    )
    # A line must not break inside `95 %`, `n = 3` or `M = 32`; the script's own text stays as it is.
    text, mark, script = page.partition('<script type="application/json"')
    text = re.sub(r"\b([nM]) = (?=\d)", "\\1\u00a0=\u00a0", text.replace(" %", "\u00a0%"))
    return text + mark + script


def _source(pages: Environment, name: str) -> str:
    assert pages.loader is not None
    return pages.loader.get_source(pages, name)[0]


def _words(findings: Findings, figures: Figures) -> dict[str, Any]:
    """The sentences made from the data."""
    priced, rows = benchmark_rows(findings), speakers(findings)
    many = len(priced) > 1
    explorer = figures.explorer
    return {
        "study": findings.study,
        "network": findings.study.runs.iloc[0],
        "seeds": findings.seeds,
        "when": answer_when(findings),
        "again": answer_repeat(findings),
        "again_beside": beside(findings),
        "headline": headline(findings),
        "apart": apart(findings),
        "champion": champion_sentence(findings),
        "equal_cost": equal_cost_sentence(findings),
        "fastest": fastest_sentences(findings),
        "evaluations": evaluations_sentence(priced),
        "name": findings.name,
        "citation": citation(findings),
        "papers": reading(),
        "learned": share(LEARNED),
        "constant": number(findings.study.constant_loss),
        "clocks": clocks_sentence(findings),
        "elsewhere": answer_elsewhere(findings),
        "seconds": answer_seconds(findings),
        "scores": answer_scores(findings),
        "retention": retention(findings),
        "names": {name: mode_name(row) for name, row in rows.items()},
        "first_epoch": {name: _first_epoch(findings, row) for name, row in rows.items()},
        "axis_names": {**UNITS, "presentations": "presentations", "seconds": figures.names.titles["seconds"]},
        "band": band_sentence(figures.names),
        "growth": rate_growth(findings),
        "edge": edge_warning(findings),
        "ceiling": f"{CEILING:,}",
        "rates": [rate(value) for value in explorer.rates] if explorer else [],
        "jumps": chosen_steps(explorer, figures.names) if explorer else [],
        "throughput": [throughput_sentence(priced), powers_sentence(priced)] if many else [],
        "stable": stability_sentence(findings),
        "memory": memory_sentence(memory_rows(findings)) if many else "",
        "processor": "" if priced.empty else str(priced.iloc[0]["processor"]),
    }


def _tables(findings: Findings) -> dict[str, Any]:
    return {
        "modes": modes_table(findings),
        "pairs": pairs_table(findings),
        "targets": targets_table(findings),
        "ranges": ranges_table(findings),
        "ledger": ledger(findings),
        "caveats": caveats(findings),
        "provenance": provenance(findings),
        "commands": commands(findings),
    }


def _script(pages: Environment, findings: Findings, figures: Figures) -> dict[str, str]:
    """What livens figures: their specifications and numbers, Vega, and the script; empty without any."""
    live: dict[str, Any] = {}
    if figures.losses.live:
        words = {
            axis: each.label for axis, each in zip(figures.names.axes, figures.losses.panels, strict=True)
        }
        live["losses"] = {**vars(figures.losses.live), "words": words}
    if figures.shared_rate.live and figures.explorer:
        steps = figures.explorer.chosen
        live["explorer"] = {
            **vars(figures.shared_rate.live),
            "words": figures.explorer.words,
            "rates": [rate(value) for value in figures.explorer.rates],
            "first": steps.get("mini_batch", next(iter(steps.values()))),
        }
    text = json.dumps(live, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return {
        "live": text.replace("<", "\\u003c") if live else "",
        "vega": _vega(),
        "vega_version": str(vl_convert.get_vega_version()),
        "script": _source(pages, "report.js"),
    }


@cache
def _vega() -> str:
    """Vega's two parts that draw a compiled specification, as one script (vl-convert brings Vega along)."""
    vega = f"/npm/vega@{vl_convert.get_vega_version()}/+esm"
    bundle = vl_convert.javascript_bundle(
        f"import {{View, parse}} from '{vega}'; window.vega = {{View, parse}};"
    )
    return str(bundle).replace("</script", "<\\/script")


def _first_epoch(findings: Findings, row: pd.Series) -> str:
    counts = first_epoch(findings, row)
    if not counts.updates > 0:
        return "Every reported run diverged before the end of the first epoch."
    updates = f"{number(counts.updates, 4)} update{'' if counts.updates == 1 else 's'}"
    text = f"In the first epoch {updates} from {number(counts.gradient_evaluations, 4)} gradient evaluations"
    if counts.forward_evaluations > 0:
        text += f", and {number(counts.forward_evaluations, 4)} further forward evaluations to check the loss"
    return f"{text}."
