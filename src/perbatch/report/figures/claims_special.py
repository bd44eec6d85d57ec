"""The gallery's figures that only one kind of evidence has: rates, shares, variances, times."""

from dataclasses import replace

import altair as alt
import numpy as np

from perbatch.claims.evidence import Evidence
from perbatch.claims.judge import Verdict
from perbatch.claims.powers import benchmark_rows
from perbatch.report.figures.claims import COLOURS, DASHES, points_figure
from perbatch.report.figures.style import (
    HEIGHT,
    WIDTH,
    batch_sizes,
    by_series,
    log_scale,
    padded,
    records,
)
from perbatch.report.figures.svg import Figure, draw, key
from perbatch.report.figures.throughput import throughput_figure as measured_figure
from perbatch.report.wording import rate

SHARES = {"satisfied_when_left": "satisfied when left", "still_satisfied": "still satisfied at the end"}
SHOWN_SIZES = 5


def rates_figure(evidence: Evidence, verdict: Verdict, label: str) -> Figure:
    """Draw the last validation accuracy (median over reported seeds) against rate over M, a line a size."""
    table = evidence.claim.reported(evidence.table)
    sizes = sorted(table["batch_size"].unique())
    shown = [sizes[round(place)] for place in np.linspace(0, len(sizes) - 1, min(SHOWN_SIZES, len(sizes)))]
    table = table[table["batch_size"].isin(shown)].assign(
        x=lambda rows: rows["learning_rate"] / rows["batch_size"],
        value=lambda rows: rows["validation_accuracy"].where(rows["status"] == "finished", 0.0),
        series=lambda rows: rows["batch_size"].map(lambda size: f"M = {size:,}"),
    )
    medians = table.groupby(["batch_size", "series", "x"], as_index=False)["value"].median()
    names = [f"M = {size:,}" for size in shown]
    powers = [2.0**power for power in range(-24, 12, 3)]
    low, high = padded(medians["x"], share=0.02)
    axis = alt.Axis(
        values=[power for power in powers if low <= power <= high],
        labelExpr="'2^' + round(log(datum.value) / LN2)",
        grid=False,
    )
    x = alt.X("x:Q", title="learning rate over M", scale=log_scale([low, high]), axis=axis)
    y = alt.Y(
        "value:Q",
        title="validation accuracy",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format="%", tickCount=5),
    )
    base = alt.Chart(records(medians[["x", "value", "series"]]))
    chart = base.mark_line(strokeWidth=2, point=False).encode(
        x=x,
        y=y,
        color=by_series(alt.Color, dict(zip(names, COLOURS, strict=False))),
        strokeDash=by_series(alt.StrokeDash, dict(zip(names, DASHES, strict=False))),
    )
    keys = [key(*look) for look in zip(names, COLOURS, DASHES, strict=False)]
    return draw(chart.properties(width=WIDTH, height=HEIGHT), f"{evidence.claim.name}-rates", label, keys)


def retention_figure(evidence: Evidence, verdict: Verdict, label: str) -> Figure:
    """Draw the two shares of each contender with a tolerance at the conditions' rate (mean over seeds)."""
    given = verdict.findings[0].condition.of["of"]["learning_rate"]
    table = evidence.table
    table = table[table["tolerance"].notna() & np.isclose(table["learning_rate"], given)]
    table = table.assign(contender=[_repeated(row) for row in table.itertuples()])
    means = table.groupby("contender", sort=False)[list(SHARES)].mean().reset_index()
    long = means.melt(id_vars="contender", var_name="series", value_name="value")
    long["series"] = long["series"].map(SHARES)
    looks = list(zip(SHARES.values(), ["#B04A87", "#0072B2"], ["square", "circle"], strict=True))
    x = alt.X(
        "value:Q",
        title=f"share of the examples (rate {rate(given)})",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format="%", tickCount=5),
    )
    y = alt.Y("contender:N", title=None, sort=list(means["contender"]), axis=alt.Axis(labelLimit=320))
    base = alt.Chart(records(long)).mark_point(filled=True, size=80, opacity=1)
    chart = base.encode(
        x=x,
        y=y,
        color=by_series(alt.Color, {name: colour for name, colour, _ in looks}),
        shape=by_series(alt.Shape, {name: shape for name, _, shape in looks}),
    )
    keys = [key(name, colour, None, shape) for name, colour, shape in looks]
    chart = chart.properties(width=WIDTH, height=26 * len(means))
    return draw(chart, f"{evidence.claim.name}-retention", label, keys)


def variance_figure(evidence: Evidence, verdict: Verdict, label: str) -> Figure:
    """Draw the measured variance of the batch's gradient against M (geometric mean), and the theory's."""
    table = evidence.table
    series = {True: "with replacement", False: "without replacement"}
    table = table.assign(series=table["replacement"].map(series) + ", at the " + table["moment"].astype(str))
    logs = table.assign(value=np.log(table["variance"]), theory=np.log(table["theory"]))
    means = logs.groupby(["series", "batch_size"], as_index=False)[["value", "theory"]].mean()
    means[["value", "theory"]] = np.exp(means[["value", "theory"]])
    theory = means[["series", "batch_size"]].assign(value=means["theory"])
    data = means.assign(low=np.nan, high=np.nan).drop(columns="theory")
    line = theory.assign(series="theory: " + theory["series"])
    name = f"{evidence.claim.name}-variance"
    figure = points_figure(
        data,
        batch_sizes(data["batch_size"], shown=sorted(data["batch_size"].unique())[::2]),
        "variance of the gradient",
        name,
        label,
        line,
    )
    *shown, last = figure.keys
    return replace(figure, keys=(*shown, replace(last, name="theory")))


def throughput_figure(evidence: Evidence, verdict: Verdict, label: str) -> Figure:
    """Draw time per example against batch size, as the benchmark measured it for the first condition."""
    figure = measured_figure(benchmark_rows(evidence, verdict.findings[0].condition.of["of"]))
    name = evidence.claim.name
    return replace(figure, name=name, svg=figure.svg.replace(f"{figure.name}-", f"{name}-"))


def _repeated(row: object) -> str:
    order = "shuffled" if row.shuffle else "sorted"  # type: ignore[attr-defined]
    times = int(row.updates_per_batch)  # type: ignore[attr-defined]
    up_to = "at most one update" if times == 1 else f"up to {times} updates"
    return f"tolerance {row.tolerance:g}, {up_to}, {order}"  # type: ignore[attr-defined]
