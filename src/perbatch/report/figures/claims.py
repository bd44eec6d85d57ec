"""The gallery's figures of what it takes to a target, and of any study's conditions."""

import altair as alt
import pandas as pd

from perbatch.analysis.statistics import Estimate, geometric_interval
from perbatch.claims.evidence import Evidence
from perbatch.claims.judge import Finding, Verdict
from perbatch.claims.noise import critical_batch_size, noise_scale
from perbatch.claims.to_target import to_target_by_size
from perbatch.report.figures.series import keys_of, series_layers
from perbatch.report.figures.style import (
    INK,
    LOOKS,
    QUIET,
    batch_sizes,
    logarithmic,
    padded,
    records,
)
from perbatch.report.figures.svg import Chart, Panel, draw, key, layered
from perbatch.report.wording import UNITS

PERFECT = "perfect scaling: half as many for twice the batch"
ROW_WIDTH, ROW_HEIGHT = 560, 34


def noise_figure(evidence: Evidence, verdict: Verdict, label: str) -> Panel:
    """Draw the fitted critical batch size and the noise scale of the tuned run against the target."""
    size = next(finding.condition.of["batch_size"] for finding in verdict.findings)
    rows = [
        {"reached": target, "series": name, **_ends(reading)}
        for target in evidence.claim.targets
        for name, reading in (
            ("critical batch size, fitted", critical_batch_size(evidence, target)),
            (f"noise scale of the run with M = {size}", noise_scale(evidence, target, size)),
        )
    ]
    table = pd.DataFrame(rows)
    domain = padded(table["reached"])
    x = alt.X(
        "reached:Q",
        title="validation loss reached",
        scale=alt.Scale(type="log", domain=domain, nice=False, reverse=True),
        axis=alt.Axis(values=list(evidence.claim.targets), format="~g", grid=False),
    )
    return points_figure(table, x, "examples", f"{evidence.claim.name}-noise", label)


def conditions_figure(evidence: Evidence, verdict: Verdict, label: str) -> Panel:
    """Draw each condition's value and interval, and its bounds, on an axis of its own."""
    rows = [_condition_row(finding) for finding in verdict.findings]
    chart = alt.vconcat(*rows, spacing=26)
    keys = [key("value and 95 % interval", *LOOKS[0]), key("bound", INK, [3, 3])]
    data = pd.DataFrame([_condition_data(finding) for finding in verdict.findings])
    return draw(chart, f"{evidence.claim.name}-conditions", label, keys, data=data)


def points_figure(
    table: pd.DataFrame, x: alt.X, title: str, name: str, label: str, line: pd.DataFrame | None = None
) -> Panel:
    """Draw `value` with `low` and `high` against `x`, a line a `series`; `line` has points of a reference."""
    looks = dict(zip(dict.fromkeys(table["series"]), LOOKS, strict=False))
    domain = padded([*table["value"], *table["low"].dropna(), *table["high"].dropna()])
    y = logarithmic(alt.Y, "value", title, domain)
    layers = series_layers(alt.Chart(records(table)), x, y, looks, bar=2.2, size=55)
    keys = keys_of(looks)
    if line is not None:
        keys.append(key(str(line["series"].iloc[0]), QUIET, [3, 3]))
        # The scale would draw what lies outside along its edge.
        line = line[line["value"].between(*domain)]
        reference = alt.Chart(records(line)).mark_line(
            color=QUIET, strokeDash=[3, 3], strokeWidth=1.4, clip=True
        )
        layers.insert(0, reference.encode(x=x, y=y, detail="series:N"))
    return draw(layered(layers), name, label, keys, data=table)


def to_target_figure(clock: str, evidence: Evidence, verdict: Verdict, label: str) -> Panel:
    """Draw epochs or updates to each target against batch size, with updates the line of perfect scaling."""
    rows, perfect = [], []
    for target in evidence.claim.targets:
        table, _ = to_target_by_size(evidence, clock, target)
        points = [
            {"batch_size": int(size), **_ends(geometric_interval(table[size]))} for size in table.columns
        ]
        rows += [{"series": f"to a validation loss of {target:g}", **point} for point in points]
        first = points[0]
        perfect += [
            {"series": PERFECT, "batch_size": size, "value": first["value"] * first["batch_size"] / size}
            for size in table.columns
        ]
    data = pd.DataFrame(rows)
    sizes = sorted(data["batch_size"].unique())
    x = batch_sizes(sizes, shown=sizes if len(sizes) < 8 else sizes[::2])
    line = pd.DataFrame(perfect) if clock == "updates" else None
    name = f"{evidence.claim.name}-{clock}"
    return points_figure(data, x, f"{UNITS[clock]} to target", name, label, line)


def _ends(estimate: Estimate) -> dict[str, float]:
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}


def _condition_data(finding: Finding) -> dict[str, object]:
    reading, (low, high) = finding.reading, finding.condition.bound
    found = {"found": reading.value, "low": reading.low, "high": reading.high, "n": reading.n}
    return {"condition": finding.condition.says, **found, "above": low, "below": high}


def _condition_row(finding: Finding) -> Chart:
    condition, reading, colour = finding.condition, finding.reading, LOOKS[0].colour
    bounds = [end for end in condition.bound if end is not None]
    shown = [value for value in (reading.value, reading.low, reading.high, *bounds) if pd.notna(value)]
    room = (max(shown) - min(shown)) * 0.08 or abs(shown[0]) * 0.1 or 1.0
    scale = alt.Scale(domain=[min(shown) - room, max(shown) + room], nice=False)
    x = alt.X("value:Q", title=None, scale=scale, axis=alt.Axis(tickCount=6, format="~g"))
    base = alt.Chart(records(pd.DataFrame([_ends(reading)])))
    bar = base.mark_rule(strokeWidth=3, color=colour).encode(x=alt.X("low:Q", scale=scale), x2="high:Q")
    dot = base.mark_point(filled=True, size=70, opacity=1, color=colour).encode(x=x)
    ends = alt.Chart(records(pd.DataFrame({"value": bounds}))).mark_rule(color=INK, strokeDash=[3, 3])
    title = alt.TitleParams(condition.says, fontWeight="normal", color=INK, fontSize=12, limit=ROW_WIDTH)
    return layered([ends.encode(x=x), bar, dot], ROW_WIDTH, ROW_HEIGHT).properties(title=title)
