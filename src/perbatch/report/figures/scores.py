"""Each mode at its own best rate, on test data: a faint dot a seed, the mean and its interval."""

import altair as alt
import numpy as np
import pandas as pd

from perbatch.analysis.contenders import named
from perbatch.analysis.results import Results
from perbatch.report.figures.figure import Drawing, Figure, single
from perbatch.report.figures.series import PAIR, PLAIN, REPEAT, by_series, marked, pair_rows
from perbatch.report.figures.style import GRID, INK, records
from perbatch.report.figures.svg import Key, Panel, draw, key, layered
from perbatch.report.wording import number, score_text

WIDTH, STEP = 330, 40
OFFSETS = {PLAIN: 0.62, REPEAT: 0.86}  # the two series of a batch size stand one under the other


def draw_scores(results: Results) -> Drawing:
    """Draw the test score and the test loss of each batch size, plain and repeated; none if all diverged."""
    score, ending = results.sweep.score, results.ending or results
    title = "test accuracy" if score == "accuracy" else "test R²"
    panels = single(_panel(ending, f"test_{score}", title), _panel(ending, "test_loss", "test loss")).panels
    return Drawing(panels, _keys(results))


def _keys(results: Results) -> list[Key]:
    repeats = (results.sweep.runs["mode"] == "repeat").any()
    series = [PLAIN, REPEAT] if repeats else [PLAIN]
    keys = [key(name, PAIR[name].colour, None, PAIR[name].shape) for name in series]
    return [*keys, key("95 % interval of the mean", INK, None, "bar")]


def _panel(results: Results, column: str, title: str) -> Panel | None:
    rows = _rows(results, column)
    shown = rows[rows["value"].notna()]
    if shown.empty:
        return None
    seeds = _seeds(results, rows, column)
    style = "%" if column == "test_accuracy" else "~g"
    ends = [*shown["value"], *shown["low"].dropna(), *shown["high"].dropna(), *seeds["value"]]
    room = 0.04 * (max(ends) - min(ends) or 1.0)
    scale = alt.Scale(domain=[min(ends) - room, max(ends) + room], nice=False)
    x = alt.X("value:Q", title=title, scale=scale, axis=alt.Axis(format=style, tickCount=5, grid=True))
    sizes = sorted({int(size) for size in rows["batch_size"]})
    y = alt.Y("place:Q", title=None, axis=None, scale=alt.Scale(domain=[len(sizes), 0], nice=False))
    heads = pd.DataFrame({"place": range(len(sizes)), "text": [_head(results, size) for size in sizes]})
    names = alt.Chart(records(heads)).mark_text(align="left", baseline="top", dy=6, fontSize=11.5)
    line = alt.Chart(records(heads)).mark_rule(color=GRID).encode(x=alt.value(0), x2=alt.value(WIDTH), y=y)
    dots = alt.Chart(records(seeds[["value", "series", "place"]])).mark_point(
        size=16, filled=True, opacity=0.35
    )
    bars = alt.Chart(records(shown[shown["low"].notna()])).mark_rule(strokeWidth=2.6)
    low = alt.X("low:Q", scale=scale, title=title)
    layers = [
        line,
        names.encode(x=alt.value(0), y=y, text="text:N"),
        dots.encode(x=x, y=y, **by_series(PAIR, "color", "shape")),
        bars.encode(x=low, x2="high:Q", y=y, **by_series(PAIR, "color")),
        marked(alt.Chart(records(shown)), PAIR, 60).encode(x=x, y=y),
    ]
    label = _label(rows, title, results.sweep.score, column)
    chart = layered(layers, WIDTH, STEP * len(sizes))
    means = rows[["batch_size", "series", "value", "low", "high"]].set_index(["batch_size", "series"])
    each = seeds.pivot(index=["batch_size", "series"], columns="seed", values="value").add_prefix("seed ")
    data = means.join(each).reset_index()
    return draw(chart, column.replace("_", "-"), label, data=data)


def _head(results: Results, size: int) -> str:
    names = {1: ", stochastic", results.sweep.n_train: ", full batch"}
    return f"M = {size:,}{names.get(size, '')}"


def _rows(results: Results, column: str) -> pd.DataFrame:
    pairs = pair_rows(results)
    rows = pairs.rename(columns={column: "value", f"{column}_low": "low", f"{column}_high": "high"}).assign(
        name=[named(row).long for _, row in pairs.iterrows()],
        place=pairs["batch_size"].rank(method="dense") - 1 + pairs["series"].map(OFFSETS),
    )
    return rows[["series", "contender", "name", "batch_size", "place", "value", "low", "high"]]


def _seeds(results: Results, rows: pd.DataFrame, column: str) -> pd.DataFrame:
    runs = results.reported[["contender", "seed", column]].rename(columns={column: "value"})
    places = rows[["contender", "batch_size", "series", "place"]]
    return runs[np.isfinite(runs["value"])].merge(places, on="contender")


def _label(rows: pd.DataFrame, title: str, score: str, column: str) -> str:
    def write(value: float) -> str:
        return score_text(score, value) if column != "test_loss" else number(value)

    parts = []
    for row in rows.itertuples():
        ends = f" ({write(row.low)} to {write(row.high)})" if np.isfinite(row.low) else ""
        parts.append(
            f"{row.name}, diverged" if pd.isna(row.value) else f"{row.name}, {write(row.value)}{ends}"
        )
    return f"{title.capitalize()} at each mode's chosen rate, mean and 95 % interval: {'; '.join(parts)}."


FIGURE = Figure(
    name="scores",
    number="4",
    place="scores",
    title="On test data, at the end of training.",
    caption="""Small dots: the reported seeds. Large marks and bars: their mean and its 95 %
t-interval{% if seeds.reported | length == 1 %} (one seed has none){% endif %}.""",
    draw=draw_scores,
)
