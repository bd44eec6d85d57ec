"""The gallery's figures that only one kind of evidence has: rates, shares, variances, times."""

from dataclasses import replace

import altair as alt
import numpy as np

from perbatch.claims.evidence import Evidence
from perbatch.claims.judge import Verdict
from perbatch.claims.powers import benchmark_rows
from perbatch.report.figures.claims import points_figure
from perbatch.report.figures.series import keys_of, marked, series_layers
from perbatch.report.figures.style import LOOKS, WIDTH, Look, batch_sizes, log_scale, of_one, padded, records
from perbatch.report.figures.svg import Panel, draw, layered
from perbatch.report.figures.throughput import throughput_panel
from perbatch.report.wording import rate

SHARES = {"satisfied_when_left": "satisfied when left", "still_satisfied": "still satisfied at the end"}
SHARE_LOOKS = {
    SHARES["satisfied_when_left"]: Look("#B04A87", None, "square"),
    SHARES["still_satisfied"]: Look("#0072B2", None, "circle"),
}
SHOWN_SIZES = 5


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


def throughput_figure(evidence: Evidence, verdict: Verdict, label: str) -> Panel:
    """Draw time per example against batch size, as the benchmark measured it for the first condition."""
    rows = benchmark_rows(evidence, verdict.findings[0].condition.of["of"])
    return throughput_panel(rows, evidence.claim.name)


def _repeated(row: object) -> str:
    order = "shuffled" if row.shuffle else "sorted"  # type: ignore[attr-defined]
    times = int(row.updates_per_batch)  # type: ignore[attr-defined]
    up_to = "at most one update" if times == 1 else f"up to {times} updates"
    return f"tolerance {row.tolerance:g}, {up_to}, {order}"  # type: ignore[attr-defined]
