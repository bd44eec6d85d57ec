"""The chosen learning rate against batch size, beside the two rules of thumb that say how it grows."""

import math

import altair as alt
import pandas as pd

from perbatch.analysis.contenders import named
from perbatch.analysis.results import Results, fact
from perbatch.analysis.stable_rates import stable_ranges
from perbatch.report.figures.figure import Drawing, Figure, single
from perbatch.report.figures.series import PAIR, PLAIN, by_series, keys_of, pair_rows, series_layers
from perbatch.report.figures.style import INK, RULE, Look, batch_sizes, log_scale, padded, rates_axis, records
from perbatch.report.figures.svg import Panel, draw, key, layered
from perbatch.report.wording import number, rate, tried_space

RULES = {"linear: rate grows as M": 1.0, "root: rate grows as √M": 0.5}
RULE_LOOKS = {name: Look(RULE, dash) for name, dash in zip(RULES, ([6, 4], [2, 3]), strict=True)}
TITLE = "learning rate (all that were tried)"


def draw_best_rates(results: Results) -> Drawing:
    """Draw the chosen rates; nothing below two rates, or below two plain batch sizes with one."""
    points = _points(results)
    plain = points[points["series"] == PLAIN]
    rates = sorted(results.sweep.runs["learning_rate"].unique())
    edge = f"at the {tried_space(results.sweep)}'s edge"
    return single(_panel(points, plain, rates, edge) if len(plain) > 1 and len(rates) > 1 else None)


def _panel(points: pd.DataFrame, plain: pd.DataFrame, rates: list[float], edge: str) -> Panel:
    domain = padded(rates, share=0.04)
    x = batch_sizes({int(size) for size in points["batch_size"]})
    axis = rates_axis(rates, domain)
    y, low = (
        alt.Y(f"{column}:Q", title=TITLE, scale=log_scale(domain), axis=axis) for column in ("rate", "low")
    )
    rules = alt.Chart(records(_rules(plain, domain))).mark_line(color=RULE, strokeWidth=1.4, clip=True)
    base = alt.Chart(records(points))
    ranges = base.transform_filter(f"datum.series == '{PLAIN}' && isValid(datum.low)")
    ranges = ranges.mark_rule(strokeWidth=9, opacity=0.16, color=PAIR[PLAIN].colour)
    edges = base.transform_filter("datum.edge").mark_point(size=230, color=INK, strokeWidth=1.3, opacity=1)
    layers = [
        ranges.encode(x=x, y=low, y2="high:Q"),
        rules.encode(x=x, y=y, **by_series(RULE_LOOKS, "strokeDash")),
        *series_layers(base, x, y, PAIR, size=64),
        edges.encode(x=x, y=y),
    ]
    keys = keys_of({name: look for name, look in PAIR.items() if (points["series"] == name).any()})
    keys += keys_of(RULE_LOOKS)
    if points["low"].notna().any():
        keys.append(key(f"stable rates, {PLAIN}", PAIR[PLAIN].colour, None, "range"))
    if points["edge"].any():
        keys.append(key(edge, INK, None, "ring"))
    # The rules and the series have dashes of their own: one scale for both would give each the other's.
    chart = layered(layers).resolve_scale(strokeDash="independent")
    stable = {"low": "lowest_stable_rate", "high": "highest_stable_rate"}
    return draw(chart, "best-rates", _label(points, plain), keys, data=points.rename(columns=stable))


def rate_growth(results: Results) -> str:
    """Say by what power of the batch size the chosen rate grew, from the smallest batch to the largest."""
    plain = _points(results)
    plain = plain[plain["series"] == PLAIN]
    if len(plain) < 2:
        return ""
    first, last = plain.iloc[0], plain.iloc[-1]
    grown, larger = last["rate"] / first["rate"], last["batch_size"] / first["batch_size"]
    power = math.log(grown) / math.log(larger)
    return (
        f"From M = {int(first['batch_size']):,} to M = {int(last['batch_size']):,} the chosen rate went from "
        f"{rate(first['rate'])} to {rate(last['rate'])}, which is M to the power {number(power, 2)}."
    )


def edge_warning(results: Results) -> str:
    """Name the contenders in this figure whose chosen rate is the lowest or highest tried; else nothing."""
    points = _points(results)
    names = "; ".join(f"{row.mode} ({rate(row.rate)})" for row in points[points["edge"]].itertuples())
    where = f"At the edge of the {tried_space(results.sweep)}, so that a better rate may lie beyond it"
    return f"{where}: {names}." if names else ""


@fact
def _points(results: Results) -> pd.DataFrame:
    ranges = stable_ranges(results.sweep).set_index("contender")[["low", "high"]]
    rows = pair_rows(results).dropna(subset="learning_rate").join(ranges, on="contender")
    points = rows.rename(columns={"learning_rate": "rate"}).assign(
        edge=rows["rate_at_edge"] != "",
        mode=[named(row).long for _, row in rows.iterrows()],
    )
    shown = ["series", "batch_size", "rate", "edge", "mode", "low", "high"]
    return points[shown].sort_values(["series", "batch_size"], kind="stable")


def _rules(plain: pd.DataFrame, domain: list[float]) -> pd.DataFrame:
    """Both rules of thumb from the smallest batch's chosen rate on."""
    first, last = plain.iloc[0], plain.iloc[-1]
    rows = []
    for series, power in RULES.items():
        for size in (first["batch_size"], last["batch_size"]):
            value = first["rate"] * (size / first["batch_size"]) ** power
            if value > domain[1]:  # cut off where the line leaves the plot: a clamp would bend it
                size = first["batch_size"] * (domain[1] / first["rate"]) ** (1 / power)
                value = domain[1]
            rows.append({"series": series, "batch_size": size, "rate": value})
    return pd.DataFrame(rows)


def _label(points: pd.DataFrame, plain: pd.DataFrame) -> str:
    text = "Chosen learning rate against batch size."
    for series, table in points.groupby("series", sort=False):
        values = ", ".join(f"M = {row.batch_size:,}: {rate(row.rate)}" for row in table.itertuples())
        text += f" {str(series).capitalize()}: {values}."
    return f"{text} Lines from {rate(plain.iloc[0]['rate'])} on: in proportion to M, and to its root."


FIGURE = Figure(
    name="best_rate",
    number="3c",
    place="rates",
    title="{{ growth }}",
    caption="""Two rules of thumb start at the smallest batch: the rate may grow in proportion to
<var>M</var> (linear), or to its square root. Pale bars: from the lowest to the highest rate that is stable,
at which no run diverged and the network learned. {{ edge }}""",
    draw=draw_best_rates,
)
