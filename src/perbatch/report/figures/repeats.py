"""Repeat until satisfied, against the number of updates per visit: loss at equal cost, and what is kept."""

import math

import altair as alt
import pandas as pd

from perbatch.analysis.contenders import FIXED, ONCE, SKIP
from perbatch.analysis.repeats import repeats
from perbatch.analysis.representatives import repeat_and_plain
from perbatch.analysis.results import Results
from perbatch.report.figures.style import (
    HEIGHT,
    INK,
    WIDTH,
    by_series,
    log_axis,
    log_scale,
    padded,
    records,
)
from perbatch.report.figures.svg import Figure, Key, draw, key
from perbatch.report.wording import UNITS, number, share

Look = tuple[str, list[int], str]
NAMES = {ONCE: "one update per visit", SKIP: "skip what is satisfied", FIXED: "repeat without a tolerance"}
LOOKS: dict[str, Look] = {
    NAMES[ONCE]: ("#0072B2", [1, 0], "circle"),
    NAMES[SKIP]: ("#009E73", [2, 2], "diamond"),
    NAMES[FIXED]: ("#D55E00", [6, 3], "triangle-down"),
}
UNTIL: list[Look] = [  # one a tolerance
    ("#B04A87", [1, 0], "square"),
    ("#B04A87", [8, 3], "triangle-up"),
    ("#B04A87", [2, 3], "cross"),
]
LEFT, STILL = "satisfied when left", "still satisfied at the epoch's end"
QUANTITIES = ("updates", "evaluations")


def equal_cost(results: Results) -> pd.DataFrame:
    """Return `repeats` at the batch size of the repeat mode's speaker, near what one update per visit takes.

    With each row's series; empty where the two cannot be compared.
    """
    table, pair = repeats(results), repeat_and_plain(results)
    if pair is None:
        return table.iloc[:0]
    return one_budget(table, int(pair[1]["batch_size"]), pair[1]["epochs_to_target"])


def one_budget(repeats: pd.DataFrame, batch_size: int, epochs: float) -> pd.DataFrame:
    """Return the rows of a batch size at the budget that lies next to so many epochs, with their series."""
    mine = repeats[(repeats["batch_size"] == batch_size) & repeats["validation_loss"].notna()]
    if mine.empty or (mine["way"] == ONCE).all():
        return mine.iloc[:0]
    budgets = mine["plain_epochs"].unique()
    far = not math.isfinite(epochs)  # never reached: the most that is known
    nearest = max(budgets) if far else min(budgets, key=lambda budget: abs(math.log(budget / epochs)))
    table = mine[mine["plain_epochs"] == nearest]
    return table.assign(series=[_series(row) for _, row in table.iterrows()])


def repeat_figures(table: pd.DataFrame) -> list[Figure]:
    """Draw validation loss against n at equal updates and at equal evaluations."""
    ends = [*table["validation_loss_low"].dropna(), *table["validation_loss_high"].dropna()]
    domain = padded([*table["validation_loss"], *ends])
    return [_loss_panel(table, quantity, domain) for quantity in QUANTITIES]


def repeat_keys(table: pd.DataFrame) -> list[Key]:
    """Return the key that the panels share."""
    return _series_keys(table)


def _series_keys(table: pd.DataFrame) -> list[Key]:
    """The key of each series as it is drawn: a mark, and a line where it has more than one n."""
    several = table.groupby("series")["updates_per_batch"].nunique() > 1
    return [
        key(name, colour, dash if several[name] else None, shape)
        for name, (colour, dash, shape) in looks_of(table["series"]).items()
    ]


def kept_figure(table: pd.DataFrame) -> Figure | None:
    """Draw the shares of examples satisfied when left and still so, against n; None below two n."""
    table = table[(table["quantity"] == QUANTITIES[1]) & table["still_satisfied"].notna()]
    if table["updates_per_batch"].nunique() < 2:
        return None
    looks = looks_of(table["series"])
    title, scale = "share of examples, end of first epoch", alt.Scale(domain=[0, 1])
    axis = alt.Axis(format="%", tickCount=5)
    x = _n_axis(table)
    colour = by_series(alt.Color, {name: look[0] for name, look in looks.items()})
    shape = by_series(alt.Shape, {name: look[2] for name, look in looks.items()})
    dash = by_series(alt.StrokeDash, {name: look[1] for name, look in looks.items()})
    base = alt.Chart(records(table))
    layers = []
    for column, filled in (("satisfied_when_left", False), ("still_satisfied", True)):
        y = alt.Y(f"{column}:Q", title=title, scale=scale, axis=axis)
        layers.append(base.mark_line(strokeWidth=1.4).encode(x=x, y=y, color=colour, strokeDash=dash))
        marks = base.mark_point(filled=filled, size=56, strokeWidth=1.6, opacity=1)
        layers.append(marks.encode(x=x, y=y, color=colour, shape=shape))
    keys = [*_series_keys(table), key(f"hollow: {LEFT}", INK, None, "ring")]
    keys.append(key(f"filled: {STILL}", INK, None, "circle"))
    values = "; ".join(
        f"{row.series}, n = {row.updates_per_batch}: {share(row.satisfied_when_left)} {LEFT}, "
        f"{share(row.still_satisfied)} {STILL}"
        for row in table.itertuples()
    )
    chart = alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)
    label = f"Shares of the examples shown in the first epoch, against updates per visit. {values}."
    return draw(chart, "kept", label, keys)


def looks_of(series: pd.Series) -> dict[str, Look]:
    """Return colour, dash and shape of each series: the controls first, then the tolerances in order."""
    present = set(series)
    until = sorted(present - set(LOOKS), key=lambda name: float(name.split()[-1]))
    looks = {name: look for name, look in LOOKS.items() if name in present}
    return looks | {name: UNTIL[place % len(UNTIL)] for place, name in enumerate(until)}


def _series(row: pd.Series) -> str:
    return NAMES[row["way"]] if row["way"] in NAMES else f"until loss {row['tolerance']:g}"


def _loss_panel(rows: pd.DataFrame, quantity: str, domain: list[float]) -> Figure:
    table = rows[rows["quantity"] == quantity]
    title = f"validation loss after {int(table['budget'].iloc[0]):,} {UNITS[quantity]}"
    scale, axis = log_scale(domain), log_axis(domain)
    y, low = (
        alt.Y(f"{name}:Q", title=title, scale=scale, axis=axis)
        for name in ("validation_loss", "validation_loss_low")
    )
    x, looks = _n_axis(rows), looks_of(rows["series"])
    colour = by_series(alt.Color, {name: look[0] for name, look in looks.items()})
    shape = by_series(alt.Shape, {name: look[2] for name, look in looks.items()})
    dash = by_series(alt.StrokeDash, {name: look[1] for name, look in looks.items()})
    base = alt.Chart(records(table))
    plain = base.transform_filter(f"datum.way == '{ONCE}'")
    bars = base.transform_filter("isValid(datum.validation_loss_low)").mark_rule(strokeWidth=2.2)
    layers = [
        plain.mark_rule(strokeWidth=1, strokeDash=[2, 3], color=LOOKS[NAMES[ONCE]][0]).encode(y=y),
        base.mark_line(strokeWidth=1.6).encode(x=x, y=y, color=colour, strokeDash=dash),
        bars.encode(x=x, y=low, y2="validation_loss_high:Q", color=colour),
        base.mark_point(filled=True, size=64, opacity=1).encode(x=x, y=y, color=colour, shape=shape),
    ]
    values = "; ".join(
        f"{row.series}, n = {row.updates_per_batch}: {number(row.validation_loss)}"
        for row in table.itertuples()
    )
    label = f"{title.capitalize()}, against updates per visit. {values}."
    chart = alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)
    return draw(chart, f"repeat-{quantity.replace('_', '-')}", label)


def _n_axis(table: pd.DataFrame) -> alt.X:
    values = sorted({int(n) for n in table["updates_per_batch"]})
    scale = alt.Scale(type="log", base=2, domain=[values[0] / 1.15, values[-1] * 1.15], nice=False)
    title = "n, the most updates per visit"
    return alt.X("updates_per_batch:Q", title=title, scale=scale, axis=alt.Axis(values=values, format=",d"))
