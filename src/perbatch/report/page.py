"""report.html: one self-contained page, made from the results alone."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import vl_convert
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from perbatch import files
from perbatch.analysis.contenders import named
from perbatch.analysis.representatives import representatives
from perbatch.analysis.results import Results
from perbatch.analysis.stable_rates import LEARNED
from perbatch.analysis.variants import variants
from perbatch.claims.judge import Judgement
from perbatch.report.citation import reading
from perbatch.report.evidence_tables import pairs_table, ranges_table, swept_table, targets_table
from perbatch.report.figures.figure import Drawing, Figure
from perbatch.report.figures.forest import forest
from perbatch.report.gallery import Exhibit
from perbatch.report.lessons import network
from perbatch.report.lessons.frames import as_table, ground, reels
from perbatch.report.lessons.glossary import WORDS
from perbatch.report.page_figures import FIGURES, page_figures
from perbatch.report.reproduce import commands, provenance
from perbatch.report.statements import Statements
from perbatch.report.tables import ledger, modes_table
from perbatch.report.wording import number, rates_tried, share

DOCS = "../../docs"
SCRIPTS = ("engine", "steps", "network", "page")


def write_report(
    results: Results,
    said: Statements,
    folder: Path,
    studies: Sequence[Exhibit] = (),
    docs: str = DOCS,
    elsewhere: pd.DataFrame | None = None,
) -> None:
    """Write report.html into `folder`; the same bytes from the same results and studies."""
    files.replace(folder / "report.html", render(results, said, studies, docs, elsewhere))


def render(
    results: Results,
    said: Statements,
    studies: Sequence[Exhibit] = (),
    docs: str = DOCS,
    elsewhere: pd.DataFrame | None = None,
) -> str:
    """Return the page: no outside request, every figure inline SVG, two of them livened by a script.

    `said` are the results' statements, `docs` is the address of the folder of the documentation, as seen from
    the page. `elsewhere` are the ratios on other data sets, of which the statements speak too.
    the page. Where one thing more was swept, figures and answers are about its first value.
    """
    whole, results = results, variants(results)[0]
    pages = Environment(
        loader=PackageLoader("perbatch.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    drawings, trees = page_figures(results), forest(elsewhere)
    known = {
        "docs": docs,
        "studies": sorted(studies, key=lambda each: list(Judgement).index(each.verdict)),
        "figures": drawings,
        "forest": trees,
        **{name: said[name] for name in ("name", "when", "again", "caveats", "data_sets")},
        "swept": "",
        **said["sentences"],
        **_context(results),
    }
    page = pages.get_template("report.html.j2").render(
        style=Markup(_source(pages, "report.css")),
        places=_places(pages, drawings, known),
        **known,
        **_tables(results, whole),
        **_script(pages, drawings),
        tables=_json(_data(drawings, studies, trees)),
    )
    # A line must not break inside `95 %`, `n = 3` or `M = 32`; the script's own text stays as it is.
    text, mark, script = page.partition('<script type="application/json"')
    text = re.sub(r"\b([nM]) = (?=\d)", "\\1\u00a0=\u00a0", text.replace(" %", "\u00a0%"))
    return text + mark + script


def _source(pages: Environment, name: str) -> str:
    assert pages.loader is not None
    return pages.loader.get_source(pages, name)[0]


def _context(results: Results) -> dict[str, Any]:
    """Names and numbers that the templates' own sentences need."""
    priced = results.sweep.benchmark
    return {
        "sweep": results.sweep,
        "network": results.sweep.runs.iloc[0],
        "seeds": results.seeds,
        "rates_tried": rates_tried(results.sweep),
        "papers": reading(),
        "learned": share(LEARNED),
        "constant": number(results.sweep.constant_loss),
        "names": {name: named(row).long for name, row in representatives(results).items()},
        "glossary": WORDS,
        "lab": network.lab(),
        "reels": reels(),
        "step_ground": ground(),
        "processor": "" if priced.empty else str(priced.iloc[0]["processor"]),
    }


def _places(
    pages: Environment, drawings: Mapping[str, Drawing], known: Mapping[str, Any]
) -> dict[str, list[tuple[Figure, Drawing]]]:
    """The figures that have something to show, by the place where they stand, with their texts filled in."""
    places: dict[str, list[tuple[Figure, Drawing]]] = {figure.place: [] for figure in FIGURES}
    for figure in FIGURES:
        drawing = drawings[figure.name]
        if drawing:
            title, caption, controls = (
                Markup(pages.from_string(text).render(**known, **drawing.values))
                for text in (figure.title, figure.caption, figure.controls)
            )
            told = replace(figure, title=title, caption=caption, controls=controls)
            places[figure.place].append((told, drawing))
    return places


def _tables(results: Results, whole: Results) -> dict[str, Any]:
    return {
        "modes": modes_table(whole),
        "swept_table": swept_table(whole),
        "pairs": pairs_table(results),
        "targets": targets_table(results),
        "ranges": ranges_table(results),
        "ledger": ledger(whole),
        "provenance": provenance(whole),
        "commands": commands(whole),
    }


def _script(pages: Environment, drawings: Mapping[str, Drawing]) -> dict[str, Any]:
    """What livens figures: their specifications and numbers, Vega, and the script; empty without any."""
    live = {
        name: {"spec": drawing.live.spec, "data": drawing.live.data, **drawing.live.wiring}
        for name, drawing in drawings.items()
        if drawing.live
    }
    return {
        "live": _json(live) if live else "",
        "given": _json(network.given()),
        "scripts": {name: _source(pages, f"{name}.js") for name in SCRIPTS},
        "vega": _vega(),
        "vega_version": str(vl_convert.get_vega_version()),
        "script": _source(pages, "report.js"),
    }


def _data(drawings: Mapping[str, Drawing], studies: Sequence[Exhibit], trees: Drawing) -> dict[str, str]:
    """What each figure draws, as CSV, by the id of its place in the page; a live one has its data already."""
    found = {f"figure-{figure.number}": drawings[figure.name].data for figure in FIGURES}
    found |= {f"study-{each.name}": each.figure.data for each in studies if each.figure}
    found["forest"] = trees.data
    return {"lesson-a": as_table(), **{place: text for place, text in found.items() if text}}


def _json(value: Any) -> str:
    """Write a value for a script of the page, which no `</script>` in it may end."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.replace("<", "\\u003c")


@cache
def _vega() -> str:
    """Vega's two parts that draw a compiled specification, as one script (vl-convert brings Vega along)."""
    vega = f"/npm/vega@{vl_convert.get_vega_version()}/+esm"
    bundle = vl_convert.javascript_bundle(
        f"import {{View, parse}} from '{vega}'; window.vega = {{View, parse}};"
    )
    return str(bundle).replace("</script", "<\\/script")
