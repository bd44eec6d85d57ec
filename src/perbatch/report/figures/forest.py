"""Two modes compared on each data set and network: a row each with its interval, and against size."""

import json

import altair as alt
import numpy as np
import pandas as pd

from perbatch.claims.elsewhere import (
    COMPARISONS,
    REPEAT,
    STOCHASTIC,
    critical_batch_size,
    less,
    more,
    ratios,
    rows_of,
    theory,
)
from perbatch.claims.evidence import Evidence
from perbatch.claims.judge import Verdict
from perbatch.report.figures.figure import Drawing, single
from perbatch.report.figures.series import by_series, keys_of, marked
from perbatch.report.figures.style import INK, LOOKS, QUIET, Looks, logarithmic, padded, records
from perbatch.report.figures.svg import Panel, draw, key, layered
from perbatch.report.wording import UNITS, number

ROW_WIDTH, ROW_HEIGHT, APART = 165, 20, 0.18
CLOCKS: Looks = {
    UNITS[quantity]: look._replace(dash=None)
    for quantity, look in zip(("epochs", "evaluations"), LOOKS, strict=False)
}
NETWORKS: Looks = {
    name: look._replace(dash=None)
    for name, look in zip(("no hidden layer", "one hidden layer", "two hidden layers"), LOOKS, strict=False)
}
ENDS = {"ratio": "value", "ratio_low": "low", "ratio_high": "high"}


def forest(table: pd.DataFrame | None) -> Drawing:
    """Draw a panel a comparison, with a row a data set and network, by size of the training part.

    Without repeating a pass has one gradient an example, so both quantities have the same ratio, drawn once.
    """
    if table is None:
        return Drawing()
    return single(*(_forest(table[table["comparison"] == each], each) for each in COMPARISONS))


def sizes_figure(evidence: Evidence, verdict: Verdict, label: str) -> Panel:
    """Draw stochastic over full batch, in epochs, against the size of the training part, and the theory."""
    table = ratios(evidence)
    critical = critical_batch_size(table)
    shown = rows_of(table, STOCHASTIC, "epochs").rename(columns=ENDS)
    layers = shown["sizes"].str.count("-") - 1
    shown = shown.assign(series=layers.clip(upper=len(NETWORKS) - 1).map(dict(enumerate(NETWORKS))))
    shown = shown[["series", "data", "n_train", *ENDS.values()]]
    wide = padded(shown["n_train"])
    line = pd.DataFrame({"n_train": np.geomspace(wide[0], wide[1], 40)})
    line = line.assign(value=theory(critical, line["n_train"].to_numpy()))
    high = padded([*shown["low"].dropna(), *shown["high"].dropna(), *shown["value"]])
    x = logarithmic(alt.X, "n_train", "examples of the training part", wide)
    y, low = (logarithmic(alt.Y, name, "epochs of M = 1 over full batch", high) for name in ("value", "low"))
    # The networks of one data set stand side by side.
    base = alt.Chart(records(shown.assign(n_train=shown["n_train"] * 1.07 ** (layers - 1))))
    drawn = [
        alt.Chart(records(line[line["value"].between(*high)]))
        .mark_line(color=QUIET, strokeDash=[3, 3], strokeWidth=1.4)
        .encode(x=x, y=y),
        base.mark_rule(strokeWidth=2.2).encode(x=x, y=low, y2="high:Q", **by_series(NETWORKS, "color")),
        marked(base, NETWORKS, 45).encode(x=x, y=y),
    ]
    keys = [key_ for key_ in keys_of(NETWORKS) if key_.name in set(shown["series"])]
    keys.append(key(f"theory, critical batch size {number(critical, 2)}", QUIET, [3, 3]))
    return draw(layered(drawn), f"{evidence.claim.name}-sizes", label, keys, data=shown)


def network_name(sizes: str) -> str:
    """Write the hidden layers of a network: `none`, `32` or `32-16`."""
    return "-".join(sizes.split("-")[1:-1]) or "none"


def data_name(data: str) -> str:
    """Write the name of a study's data set in few words: they stand beside a plot."""
    short = data.removesuffix("_studies").rstrip("_0123456789")  # the size stands behind
    return short.replace("_ten_times", " x 10").replace("_", " ")


def _forest(table: pd.DataFrame, comparison: str) -> Panel:
    rows = table if comparison == REPEAT else table[table["quantity"] == "epochs"]
    names = [
        f"{data_name(data)} ({n:,}), {network_name(sizes)}"
        for data, n, sizes in rows[["data", "n_train", "sizes"]].drop_duplicates().to_numpy()
    ]
    place = rows.groupby(["data", "sizes"], sort=False).ngroup()
    beside = 0.0 if comparison != REPEAT else np.where(rows["quantity"] == "epochs", -APART, APART)
    shown = rows.assign(series=rows["quantity"].map(UNITS), place=place + beside).rename(columns=ENDS)
    shown = shown[["data", "sizes", "series", "place", *ENDS.values()]]
    domain = padded([1.0, *shown["low"].dropna(), *shown["high"].dropna(), *shown["value"].dropna()])
    x, low = (logarithmic(alt.X, name, "times the second mode's need", domain) for name in ("value", "low"))
    axis = alt.Axis(
        values=list(range(len(names))), labelExpr=f"{json.dumps(names)}[datum.value]", labelLimit=220
    )
    scale = alt.Scale(domain=[len(names) - 0.5, -0.5], nice=False)
    y = alt.Y("place:Q", title=None, scale=scale, axis=axis)
    base = alt.Chart(records(shown))
    one = alt.Chart(records(pd.DataFrame({"value": [1.0]}))).mark_rule(color=INK, strokeDash=[3, 3])
    drawn = [
        one.encode(x=x),
        base.mark_rule(strokeWidth=2.2).encode(x=low, x2="high:Q", y=y, **by_series(CLOCKS, "color")),
        marked(base, CLOCKS, 45).encode(x=x, y=y),
    ]
    chart = layered(drawn, ROW_WIDTH, ROW_HEIGHT * len(names))
    keys = [each for each in keys_of(CLOCKS) if each.name in set(shown["series"])]
    name = f"forest-{comparison.replace(' ', '-')}"
    return draw(chart, name, _label(rows, comparison), keys, comparison, shown.drop(columns="place"))


def _label(rows: pd.DataFrame, comparison: str) -> str:
    texts = [
        f"{UNITS[quantity]} from {number(part['ratio'].min())} to {number(part['ratio'].max())}, "
        f"{int(less(part).sum())} rows below 1 and {int(more(part).sum())} above"
        for quantity, part in rows.groupby("quantity", sort=False)
    ]
    return f"{comparison}, the ratio in {len(rows) // len(texts)} rows: {'; '.join(texts)}."
