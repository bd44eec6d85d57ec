"""report.html: one self-contained page, made from the results alone."""

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

from perbatch.analysis.contenders import named
from perbatch.analysis.representatives import representatives
from perbatch.analysis.results import Results
from perbatch.analysis.stable_rates import LEARNED
from perbatch.files import replace
from perbatch.report.citation import reading
from perbatch.report.evidence_tables import pairs_table, ranges_table, targets_table
from perbatch.report.figures.live import chosen_steps
from perbatch.report.figures.loss_data import band_sentence
from perbatch.report.figures.rates import CEILING
from perbatch.report.figures.strips import first_epoch
from perbatch.report.gallery import Exhibit
from perbatch.report.lessons import network
from perbatch.report.lessons.frames import ground, reels
from perbatch.report.page_figures import Figures, page_figures
from perbatch.report.reproduce import commands, provenance
from perbatch.report.statements import Statements
from perbatch.report.tables import ledger, modes_table
from perbatch.report.wording import UNITS, number, rate, share

DOCS = "../../docs"
SCRIPTS = ("engine", "steps", "network")


def write_report(
    results: Results, said: Statements, folder: Path, studies: Sequence[Exhibit] = (), docs: str = DOCS
) -> None:
    """Write report.html into `folder`; the same bytes from the same results and studies."""
    replace(folder / "report.html", render(results, said, studies, docs))


def render(results: Results, said: Statements, studies: Sequence[Exhibit] = (), docs: str = DOCS) -> str:
    """Return the page: no outside request, every figure inline SVG, two of them livened by a script.

    `said` are the results' statements, `docs` is the address of the folder of the documentation, as seen from
    the page.
    """
    pages = Environment(
        loader=PackageLoader("perbatch.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    figures = page_figures(results)
    page = pages.get_template("report.html.j2").render(
        style=Markup(_source(pages, "report.css")),
        figures=figures,
        studies=studies,
        docs=docs,
        name=said["name"],
        when=said["when"],
        again=said["again"],
        caveats=said["caveats"],
        **said["sentences"],
        **_context(results, figures),
        **_tables(results),
        **_script(pages, results, figures),
    )
    # A line must not break inside `95 %`, `n = 3` or `M = 32`; the script's own text stays as it is.
    text, mark, script = page.partition('<script type="application/json"')
    text = re.sub(r"\b([nM]) = (?=\d)", "\\1\u00a0=\u00a0", text.replace(" %", "\u00a0%"))
    return text + mark + script


def _source(pages: Environment, name: str) -> str:
    assert pages.loader is not None
    return pages.loader.get_source(pages, name)[0]


def _context(results: Results, figures: Figures) -> dict[str, Any]:
    """Names and numbers that the templates' own sentences need."""
    rows, priced, explorer = representatives(results), results.sweep.benchmark, figures.explorer
    return {
        "sweep": results.sweep,
        "network": results.sweep.runs.iloc[0],
        "seeds": results.seeds,
        "papers": reading(),
        "learned": share(LEARNED),
        "constant": number(results.sweep.constant_loss),
        "names": {name: named(row).long for name, row in rows.items()},
        "first_epoch": {name: _first_epoch(results, row) for name, row in rows.items()},
        "axis_names": {**UNITS, "presentations": "presentations", "seconds": figures.names.titles["seconds"]},
        "band": band_sentence(figures.names),
        "ceiling": f"{CEILING:,}",
        "rates": [rate(value) for value in explorer.rates] if explorer else [],
        "jumps": chosen_steps(explorer, figures.names) if explorer else [],
        "lab": network.lab(),
        "reels": reels(),
        "step_ground": ground(),
        "processor": "" if priced.empty else str(priced.iloc[0]["processor"]),
    }


def _tables(results: Results) -> dict[str, Any]:
    return {
        "modes": modes_table(results),
        "pairs": pairs_table(results),
        "targets": targets_table(results),
        "ranges": ranges_table(results),
        "ledger": ledger(results),
        "provenance": provenance(results),
        "commands": commands(results),
    }


def _script(pages: Environment, results: Results, figures: Figures) -> dict[str, Any]:
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
        "given": json.dumps(network.given(), separators=(",", ":")),
        "scripts": {name: _source(pages, f"{name}.js") for name in SCRIPTS},
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


def _first_epoch(results: Results, row: pd.Series) -> str:
    counts = first_epoch(results, row)
    if not counts.updates > 0:
        return "Every reported run diverged before the end of the first epoch."
    updates = f"{number(counts.updates, 4)} update{'' if counts.updates == 1 else 's'}"
    text = f"In the first epoch {updates} from {number(counts.gradient_evaluations, 4)} gradient evaluations"
    if counts.forward_evaluations > 0:
        text += f", and {number(counts.forward_evaluations, 4)} further forward evaluations to check the loss"
    return f"{text}."
