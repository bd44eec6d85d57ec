"""Loss curves of the modes, each at its chosen rate: median, interval and faint seeds, a panel an axis."""

import altair as alt
import pandas as pd

from perbatch.analysis.contenders import named
from perbatch.analysis.representatives import representatives
from perbatch.analysis.results import Results
from perbatch.report.figures.figure import Drawing, Figure, Live
from perbatch.report.figures.live import columns, compiled, reading
from perbatch.report.figures.losses import (
    Losses,
    band,
    band_sentence,
    faint,
    line,
    loss_axis,
    loss_domain,
    losses_of,
    target_rule,
)
from perbatch.report.figures.series import keys_of
from perbatch.report.figures.style import logarithmic, padded, records
from perbatch.report.figures.svg import Panel, draw, layered
from perbatch.report.wording import UNITS, estimate_of, interval, number, seeds_reached

# Of a logarithmic axis whose range is not known beforehand only 1 and 3 of each decade are written.
FIRST = "round(datum.value / pow(10, floor(log(datum.value) / LN10 + 1e-9)))"
TEXT = "format(datum.value, datum.value >= 1000 ? '~s' : '~g')"
ONES_AND_THREES = f"{FIRST} == 1 || {FIRST} == 3 ? {TEXT} : ''"


def draw_losses(results: Results) -> Drawing:
    """Draw validation loss against each of the axes, both logarithmic."""
    losses = losses_of(results)
    if losses.median.empty or losses.median["loss"].isna().all():
        return Drawing()
    panels = [_panel(losses, axis, _label(results, losses, axis)) for axis in losses.axes]
    words = {axis: panel.label for axis, panel in zip(losses.axes, panels, strict=True)}
    names = {**UNITS, "presentations": "presentations", "seconds": losses.titles["seconds"]}
    axes = {axis: names[axis] for axis in losses.axes}
    values = {"axes": axes, "band": band_sentence(losses)}
    keys = keys_of({text: losses.looks[name] for name, text in losses.names.items()})
    return Drawing(panels, keys, _live(losses, words), values=values)


def _panel(losses: Losses, axis: str, label: str) -> Panel:
    median, seeds = alt.Chart(records(losses.median)), alt.Chart(records(losses.seeds))
    domain = loss_domain(losses.median, losses)
    x = logarithmic(alt.X, axis, losses.titles[axis], padded(losses.median[axis], share=0.0))
    return draw(layered(_layers(losses, median, seeds, x, domain)), f"loss-{axis}", label)


def _layers(
    losses: Losses, median: alt.Chart, seeds: alt.Chart, x: alt.X, domain: list[float]
) -> list[alt.Chart]:
    return [
        *target_rule(losses.target, domain),
        faint(seeds, losses.looks).encode(x=x, y=loss_axis("loss", domain)),
        band(median, losses.looks, domain).encode(x=x),
        line(median, losses.looks).encode(x=x, y=loss_axis("loss", domain)),
    ]


def _live(losses: Losses, words: dict[str, str]) -> Live:
    """The same on one of the axes, which the signal `axis` chooses."""
    domain, title = loss_domain(losses.median, losses), losses.titles[losses.axes[0]]
    scale, axis = alt.Scale(type="log", nice=False), alt.Axis(labelExpr=ONES_AND_THREES)
    x = alt.X("at:Q", title=title, scale=scale, axis=axis)
    median, seeds = (
        alt.Chart(alt.NamedData(name)).transform_calculate(at="datum[axis]") for name in ("median", "seeds")
    )
    layers = _layers(losses, median, seeds, x, domain)
    layers += reading(median, x, loss_axis("loss", domain), losses.looks, "at")
    spec = compiled(layers, alt.param(name="axis", value=losses.axes[0]))
    for each in spec["axes"]:
        if each.get("title") == title:
            each["title"] = {"signal": f"({losses.titles})[axis]"}
    shown = ["series", *losses.axes, "loss"]
    rows = losses.median.assign(name=losses.median["series"].map(losses.names))
    data = {
        "median": columns(rows[[*shown, "low", "high", "name"]]),
        "seeds": columns(losses.seeds[[*shown, "seed"]]),
    }
    return Live(spec, data, {"words": words, "titles": losses.titles})


def _label(results: Results, losses: Losses, axis: str) -> str:
    quantity = "epochs" if axis == "presentations" else axis
    rows = [row for name, row in representatives(results).items() if name in losses.names]
    told = "; ".join(_told(row, quantity) for row in rows)
    against = UNITS.get(axis, axis)
    return f"Validation loss against {against}, each mode at its chosen rate. To the target: {told}."


def _told(row: pd.Series, quantity: str) -> str:
    value = row[f"{quantity}_to_target"]
    if pd.isna(value):
        return f"{named(row).long}, {seeds_reached(row)} reached it"
    ends = interval(estimate_of(row, f"{quantity}_to_target"))
    return f"{named(row).long}, {number(value)} {UNITS[quantity]}{f' ({ends})' if ends else ''}"


FIGURE = Figure(
    name="losses",
    number="2",
    place="curves",
    title="Validation loss of each mode at its chosen rate, both axes logarithmic.",
    caption="""Thick lines: median over {{ seeds.reported | length }} reported
seed{{ "" if seeds.reported | length == 1 else "s" }}.
{% if band %}Bands: {{ band }}. {% endif %}
{% if seeds.reported | length > 1 %}Faint lines: single seeds.{% endif %}""",
    draw=draw_losses,
    size="two",
    controls="""<fieldset class="choice"><legend>Horizontal axis</legend>
{% for axis, name in axes.items() %}
<label><input type="radio" name="axis" value="{{ axis }}"{{ " checked" if loop.first }}>
<span>{{ name }}</span></label>
{% endfor %}
</fieldset>""",
)
