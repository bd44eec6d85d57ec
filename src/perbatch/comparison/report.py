"""report.html: one self-contained page, made from the findings alone."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
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
from perbatch.comparison.compare import Findings
from perbatch.comparison.figures.hardware import memory_sentence, throughput_sentence
from perbatch.comparison.figures.rates import CEILING, rate_keys
from perbatch.comparison.figures.strips import first_epoch
from perbatch.comparison.page_figures import page_figures
from perbatch.comparison.page_tables import ledger, modes_table
from perbatch.comparison.powers import powers_sentence
from perbatch.comparison.reproduce import benchmark_rows, commands, memory_rows, provenance
from perbatch.comparison.speakers import speakers
from perbatch.comparison.wording import mode_name, number


def write_report(findings: Findings, folder: Path) -> None:
    """Write report.html into `folder`; the same bytes from the same findings."""
    (folder / "report.html").write_text(render(findings), encoding="utf-8", newline="\n")


def render(findings: Findings) -> str:
    """Return the page: no script, no outside request, every figure inline SVG."""
    loader = PackageLoader("perbatch.comparison", "page")
    pages = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    style = Markup(pages.loader.get_source(pages, "report.css")[0])  # type: ignore[union-attr]
    priced = benchmark_rows(findings)
    page = pages.get_template("report.html.j2").render(
        style=style,
        study=findings.study,
        network=findings.study.runs.iloc[0],
        seeds=findings.seeds,
        when=answer_when(findings),
        again=answer_repeat(findings),
        seconds=answer_seconds(findings),
        scores=answer_scores(findings),
        retention=retention(findings),
        names={name: mode_name(row) for name, row in speakers(findings).items()},
        first_epoch={name: _first_epoch(findings, row) for name, row in speakers(findings).items()},
        figures=page_figures(findings),
        elsewhere=answer_elsewhere(findings),
        throughput=[throughput_sentence(priced), powers_sentence(priced)] if len(priced) > 1 else [],
        memory=memory_sentence(memory_rows(findings)) if len(priced) > 1 else "",
        processor="" if priced.empty else str(priced.iloc[0]["processor"]),
        modes=modes_table(findings),
        ledger=ledger(findings),
        caveats=caveats(findings),
        provenance=provenance(findings),
        commands=commands(findings),
        rate_keys=rate_keys(findings),
        ceiling=f"{CEILING:,}",
        safe_svg=Markup,
    )
    # A line must not break inside `95 %`, `n = 3` or `M = 32`.
    return re.sub(r"\b([nM]) = (?=\d)", "\\1\u00a0=\u00a0", page.replace(" %", "\u00a0%"))


def _first_epoch(findings: Findings, row: pd.Series) -> str:
    counts = first_epoch(findings, row)
    if not counts.updates > 0:
        return "Every reported run diverged before the end of the first epoch."
    updates = f"{number(counts.updates, 4)} update{'' if counts.updates == 1 else 's'}"
    text = f"In the first epoch {updates} from {number(counts.gradient_evaluations, 4)} gradient evaluations"
    if counts.forward_evaluations > 0:
        text += f", and {number(counts.forward_evaluations, 4)} further forward evaluations to check the loss"
    return f"{text}."
