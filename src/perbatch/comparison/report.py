"""report.html: one self-contained page, made from the findings alone."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from perbatch.comparison.answers import answer_repeat, answer_scores, answer_seconds, answer_when, retention
from perbatch.comparison.caveats import caveats
from perbatch.comparison.compare import Findings
from perbatch.comparison.figures.strips import first_epoch
from perbatch.comparison.page_figures import page_figures
from perbatch.comparison.page_tables import ledger, modes_table
from perbatch.comparison.powers import powers_sentence
from perbatch.comparison.reproduce import benchmark_rows, commands, provenance
from perbatch.comparison.speakers import speakers
from perbatch.comparison.wording import mode_name, number


def write_report(findings: Findings, folder: Path, data_digest: str = "") -> None:
    """Write report.html into `folder`; the same bytes from the same findings."""
    (folder / "report.html").write_text(render(findings, data_digest), encoding="utf-8", newline="\n")


def render(findings: Findings, data_digest: str = "") -> str:
    """Return the page: no script, no outside request, every figure inline SVG."""
    loader = PackageLoader("perbatch.comparison", "page")
    pages = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    style = Markup(pages.loader.get_source(pages, "report.css")[0])  # type: ignore[union-attr]
    priced = benchmark_rows(findings)
    counts = {name: first_epoch(findings, row) for name, row in speakers(findings).items()}
    return pages.get_template("report.html.j2").render(
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
        counts={name: [number(value, 4) for value in pair] for name, pair in counts.items()},
        figures=page_figures(findings),
        powers=powers_sentence(priced) if len(priced) > 1 else "",
        processor="" if priced.empty else str(priced.iloc[0]["processor"]),
        modes=modes_table(findings),
        ledger=ledger(findings),
        caveats=caveats(findings),
        provenance=provenance(findings, data_digest),
        commands=commands(findings),
        svg=lambda figure: Markup(figure.svg),
    )
