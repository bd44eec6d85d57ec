"""The gallery's figures: what it takes to a target, a study's conditions, and rates, shares and variances."""

import altair as alt
import numpy as np
import pandas as pd

from perbatch.analysis.statistics import Estimate, geometric_interval
from perbatch.claims.evidence import Evidence
from perbatch.claims.judge import Finding, Verdict
from perbatch.claims.noise import critical_batch_size, noise_scale
from perbatch.claims.powers import benchmark_rows
from perbatch.claims.to_target import to_target_by_size
from perbatch.report.figures.series import keys_of, marked, series_layers
from perbatch.report.figures.style import (
    INK,
    LOOKS,
    QUIET,
    WIDTH,
    Look,
    batch_sizes,
    log_scale,
    logarithmic,
    of_one,
    padded,
    records,
)
from perbatch.report.figures.svg import Chart, Panel, draw, key, layered
from perbatch.report.figures.throughput import throughput_panel
from perbatch.report.wording import UNITS, rate

PERFECT = "perfect scaling: half as many for twice the batch"
ROW_WIDTH, ROW_HEIGHT = 560, 34
SHARES = {"satisfied_when_left": "satisfied when left", "still_satisfied": "still satisfied at the end"}
SHARE_LOOKS = {
    SHARES["satisfied_when_left"]: Look("#B04A87", None, "square"),
    SHARES["still_satisfied"]: Look("#0072B2", None, "circle"),
}
SHOWN_SIZES = 5


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


def rates_figure(evidence: Evidence, verdict: Verdict, label: str) -> Panel:
    """Draw the last validation accuracy (median over tuning seeds) against rate over M, a line a size."""
    table = evidence.claim.tuning(evidence.table)
    sizes = sorted(table["batch_size"].unique())
    shown = [sizes[round(place)] for place in np.linspace(0, len(sizes) - 1, min(SHOWN_SIZES, len(sizes)))]
    table = table[table["batch_size"].isin(shown)].assign(
        rate_over_m=lambda rows: rows["learning_rate"] / rows["batch_size"],
        value=lambda rows: rows["validation_accuracy"].where(rows["status"] == "finished", 0.0),
        series=lambda rows: rows["batch_size"].map(lambda size: f"M = {size:,}"),
    )
    medians = table.groupby(["batch_size", "series", "rate_over_m"], as_index=False)["value"].median()
    looks = {f"M = {size:,}": look._replace(shape=None) for size, look in zip(shown, LOOKS, strict=False)}
    powers = [2.0**power for power in range(-24, 12, 3)]
    low, high = padded(medians["rate_over_m"], share=0.02)
    axis = alt.Axis(
        values=[power for power in powers if low <= power <= high],
        labelExpr="'2^' + round(log(datum.value) / LN2)",
        grid=False,
    )
    x = alt.X("rate_over_m:Q", title="learning rate over M", scale=log_scale([low, high]), axis=axis)
    y = of_one(alt.Y, "value", "validation accuracy")
    base = alt.Chart(records(medians[["rate_over_m", "value", "series"]]))
    layers = series_layers(base, x, y, looks, width=2)
    return draw(layered(layers), f"{evidence.claim.name}-rates", label, keys_of(looks), data=medians)


def retention_figure(evidence: Evidence, verdict: Verdict, label: str) -> Panel:
    """Draw the two shares of each contender with a tolerance at the conditions' rate (mean over seeds)."""
    chosen = verdict.findings[0].condition.of["of"]["learning_rate"]
    table = evidence.claim.reported(evidence.table)
    table = table[table["tolerance"].notna() & np.isclose(table["learning_rate"], chosen)]
    table = table.assign(contender=[_repeated(row) for row in table.itertuples()])
    means = table.groupby("contender", sort=False)[list(SHARES)].mean().reset_index()
    long = means.melt(id_vars="contender", var_name="series", value_name="value")
    long["series"] = long["series"].map(SHARES)
    x = of_one(alt.X, "value", f"share of the examples (rate {rate(chosen)})")
    y = alt.Y("contender:N", title=None, sort=list(means["contender"]), axis=alt.Axis(labelLimit=320))
    marks = marked(alt.Chart(records(long)), SHARE_LOOKS, 80).encode(x=x, y=y)
    chart = marks.properties(height=26 * len(means), width=WIDTH)
    return draw(chart, f"{evidence.claim.name}-retention", label, keys_of(SHARE_LOOKS), data=means)


def variance_figure(evidence: Evidence, verdict: Verdict, label: str) -> Panel:
    """Draw the measured variance of the batch's gradient against M (geometric mean), and the theory's."""
    table = evidence.table
    series = {True: "with replacement", False: "without replacement"}
    table = table.assign(series=table["replacement"].map(series) + ", at the " + table["moment"].astype(str))
    logs = table.assign(value=np.log(table["variance"]), theory=np.log(table["theory"]))
    means = logs.groupby(["series", "batch_size"], as_index=False)[["value", "theory"]].mean()
    means[["value", "theory"]] = np.exp(means[["value", "theory"]])
    line = means[["series", "batch_size"]].assign(value=means["theory"])
    data = means.assign(low=np.nan, high=np.nan).drop(columns="theory")
    x = batch_sizes(data["batch_size"], shown=sorted(data["batch_size"].unique())[::2])
    name = f"{evidence.claim.name}-variance"
    return points_figure(data, x, "variance of the gradient", name, label, line, "theory")


def throughput_figure(evidence: Evidence, verdict: Verdict, label: str) -> Panel:
    """Draw time per example against batch size, as the benchmark measured it for the first condition."""
    rows = benchmark_rows(evidence, verdict.findings[0].condition.of["of"])
    return throughput_panel(rows, evidence.claim.name)


def points_figure(
    table: pd.DataFrame,
    x: alt.X,
    title: str,
    name: str,
    label: str,
    line: pd.DataFrame | None = None,
    reference: str = PERFECT,
) -> Panel:
    """Draw `value` with `low` and `high` against `x`, a line a `series`; `line` has points of a reference."""
    looks = dict(zip(dict.fromkeys(table["series"]), LOOKS, strict=False))
    domain = padded([*table["value"], *table["low"].dropna(), *table["high"].dropna()])
    y = logarithmic(alt.Y, "value", title, domain)
    layers = series_layers(alt.Chart(records(table)), x, y, looks, bar=2.2, size=55)
    keys = keys_of(looks)
    if line is not None:
        keys.append(key(reference, QUIET, [3, 3]))
        # The scale would draw what lies outside along its edge.
        line = line[line["value"].between(*domain)]
        ruled = alt.Chart(records(line)).mark_line(color=QUIET, strokeDash=[3, 3], strokeWidth=1.4, clip=True)
        layers.insert(0, ruled.encode(x=x, y=y, detail="series:N"))
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


def _repeated(row: object) -> str:
    order = "shuffled" if row.shuffle else "sorted"  # type: ignore[attr-defined]
    times = int(row.updates_per_batch)  # type: ignore[attr-defined]
    up_to = "at most one update" if times == 1 else f"up to {times} updates"
    return f"tolerance {row.tolerance:g}, {up_to}, {order}"  # type: ignore[attr-defined]
