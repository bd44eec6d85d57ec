"""What is learned of one example and what is kept: against the updates per visit, and as training goes on."""

import altair as alt
import pandas as pd

from perbatch.analysis.curves import loss_curves
from perbatch.analysis.representatives import representatives
from perbatch.analysis.results import Results
from perbatch.report.figures.figure import Drawing, Figure, single
from perbatch.report.figures.repeats import equal_cost, looks_of, n_axis, series_keys
from perbatch.report.figures.series import by_series, keys_of, series_layers
from perbatch.report.figures.style import INK, Look, logarithmic, of_one, padded, records
from perbatch.report.figures.svg import Panel, draw, key, layered
from perbatch.report.wording import share

LEFT, STILL = "satisfied when left", "still satisfied at the epoch's end"
LOOKS = {LEFT: Look("#B04A87", [8, 3]), "still satisfied now": Look("#0072B2", [1, 0])}
COLUMNS = dict(zip(("satisfied_when_left", "still_satisfied"), LOOKS, strict=True))


def draw_kept(results: Results) -> Drawing:
    """Draw what is satisfied when left and what still is, of the settings at equal cost and of the best."""
    repeat = representatives(results).get("repeat")
    if repeat is None:
        return Drawing()
    curves = loss_curves(results)
    mine = curves[curves["contender"] == repeat["contender"]]
    return single(_against_n(equal_cost(results)), _in_training(mine))


def _against_n(table: pd.DataFrame) -> Panel | None:
    """The shares at the end of the first epoch; None below two n."""
    if table.empty:
        return None
    table = table[(table["quantity"] == "evaluations") & table["still_satisfied"].notna()]
    if table["updates_per_batch"].nunique() < 2:
        return None
    looks, x = looks_of(table["series"]), n_axis(table)
    base, layers = alt.Chart(records(table)), []
    for column, filled in (("satisfied_when_left", False), ("still_satisfied", True)):
        y = of_one(alt.Y, column, "share of examples, end of first epoch")
        marks = base.mark_point(filled=filled, size=56, strokeWidth=1.6, opacity=1)
        layers += series_layers(base, x, y, looks, width=1.4)
        layers.append(marks.encode(x=x, y=y, **by_series(looks, "color", "shape")))
    keys = [*series_keys(table), key(f"hollow: {LEFT}", INK, None, "ring")]
    keys.append(key(f"filled: {STILL}", INK, None, "circle"))
    values = "; ".join(
        f"{row.series}, n = {row.updates_per_batch}: {share(row.satisfied_when_left)} {LEFT}, "
        f"{share(row.still_satisfied)} {STILL}"
        for row in table.itertuples()
    )
    label = f"Shares of the examples shown in the first epoch, against updates per visit. {values}."
    shown = table[["series", "updates_per_batch", *COLUMNS]]
    return draw(layered(layers), "kept", label, keys, data=shown)


def _in_training(curve: pd.DataFrame) -> Panel | None:
    """The shares against presentations (median over seeds); None where the mode has no tolerance."""
    shown = curve[(curve["presentations"] > 0) & curve["still_satisfied"].notna()]
    if shown.empty:
        return None
    long = shown.melt(
        id_vars="presentations", value_vars=list(COLUMNS), var_name="series", value_name="share"
    )
    long["series"] = long["series"].map(COLUMNS)
    domain = padded(shown["presentations"], share=0.0)
    x = logarithmic(alt.X, "presentations", "presentations (examples shown)", domain)
    y = of_one(alt.Y, "share", "share of the examples shown so far")
    last = shown.iloc[-1]
    label = (
        "Shares of the examples shown so far. At the end of training "
        f"{share(last['satisfied_when_left'])} were satisfied when last left and "
        f"{share(last['still_satisfied'])} still are."
    )
    layers = series_layers(alt.Chart(records(long)), x, y, LOOKS, width=2.2)
    return draw(layered(layers), "retention", label, keys_of(LOOKS), data=long)


FIGURE = Figure(
    name="kept",
    number="6b",
    place="kept",
    title="What is learned of one example and what is kept.",
    caption="""Of the examples shown so far: the share whose loss was at most the tolerance when they were
last left, and the share for which it is so at that moment.""",
    draw=draw_kept,
)
