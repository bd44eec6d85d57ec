"""The curves of a metric of the user's own, each mode at its chosen rate."""

import altair as alt
import pandas as pd

from perbatch.analysis.curves import loss_curves
from perbatch.analysis.representatives import representatives
from perbatch.analysis.results import Results
from perbatch.report.figures.figure import Drawing, Figure
from perbatch.report.figures.losses import short_name
from perbatch.report.figures.series import keys_of, series_layers
from perbatch.report.figures.style import MODES, logarithmic, padded, records
from perbatch.report.figures.svg import draw, layered
from perbatch.report.wording import number


def draw_own(results: Results) -> Drawing:
    """Draw the metric against presentations (median over seeds); nothing where the runs have none."""
    curves, rows = loss_curves(results), representatives(results)
    curves = curves[(curves["presentations"] > 0) & curves["own_metric"].notna()]
    named = {row["contender"]: short_name(name, row) for name, row in rows.items()}
    shown = curves.assign(series=curves["contender"].map(named)).dropna(subset="series")
    if shown.empty:
        return Drawing()
    drawn = set(shown["series"])
    looks = {
        named[row["contender"]]: MODES[name] for name, row in rows.items() if named[row["contender"]] in drawn
    }
    metric = str(results.sweep.runs["metric"].iloc[0])
    x = logarithmic(
        alt.X, "presentations", "presentations (examples shown)", padded(shown["presentations"], share=0.0)
    )
    y = alt.Y("own_metric:Q", title=metric, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=5))
    columns = ["series", "presentations", "own_metric"]
    layers = series_layers(alt.Chart(records(shown[columns])), x, y, looks, width=2.2)
    panel = draw(layered(layers), "own-metric", _label(metric, shown), data=shown[columns])
    return Drawing([panel], keys_of(looks), values={"metric": metric})


def _label(metric: str, shown: pd.DataFrame) -> str:
    ends = shown.groupby("series", sort=False)["own_metric"].last()
    told = "; ".join(f"{name}, {number(value)}" for name, value in ends.items())
    return f"{metric} against presentations, each mode at its chosen rate. At the end: {told}."


FIGURE = Figure(
    name="own",
    number="2b",
    place="curves",
    title="A metric of one's own, {{ metric }}, of each mode at its chosen rate.",
    caption="Median over the reported seeds.",
    draw=draw_own,
)
