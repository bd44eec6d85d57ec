"""Repeat until satisfied at equal cost: validation loss against the number of updates per visit."""

import math

import altair as alt
import pandas as pd

from perbatch.analysis.contenders import FIXED, ONCE, SKIP
from perbatch.analysis.repeats import repeats
from perbatch.analysis.representatives import repeat_and_plain
from perbatch.analysis.results import Results
from perbatch.report.figures.figure import Drawing, Figure
from perbatch.report.figures.series import keys_of, series_layers
from perbatch.report.figures.style import Look, Looks, logarithmic, padded, records
from perbatch.report.figures.svg import Key, Panel, draw, layered
from perbatch.report.wording import UNITS, number

NAMES = {ONCE: "one update per visit", SKIP: "skip what is satisfied", FIXED: "repeat without a tolerance"}
LOOKS: Looks = {
    NAMES[ONCE]: Look("#0072B2", [1, 0], "circle"),
    NAMES[SKIP]: Look("#009E73", [2, 2], "diamond"),
    NAMES[FIXED]: Look("#D55E00", [6, 3], "triangle-down"),
}
UNTIL = [  # one a tolerance
    Look("#B04A87", [1, 0], "square"),
    Look("#B04A87", [8, 3], "triangle-up"),
    Look("#B04A87", [2, 3], "cross"),
]
QUANTITIES = ("updates", "evaluations")


def equal_cost(results: Results) -> pd.DataFrame:
    """Return `repeats` at the batch size that represents repeating, near what one update per visit takes.

    With each row's series; empty where the two cannot be compared.
    """
    table, pair = repeats(results), repeat_and_plain(results)
    if pair is None:
        return table.iloc[:0]
    mine = table[(table["batch_size"] == pair[1]["batch_size"]) & table["validation_loss"].notna()]
    if mine.empty or (mine["way"] == ONCE).all():
        return mine.iloc[:0]
    budgets, epochs = mine["plain_epochs"].unique(), pair[1]["epochs_to_target"]
    far = not math.isfinite(epochs)  # never reached: the most that is known
    nearest = max(budgets) if far else min(budgets, key=lambda budget: abs(math.log(budget / epochs)))
    table = mine[mine["plain_epochs"] == nearest]
    until = table["tolerance"].map("until loss {:g}".format)
    return table.assign(series=table["way"].map(NAMES).fillna(until))


def draw_repeats(results: Results) -> Drawing:
    """Draw validation loss against n at equal updates and at equal evaluations."""
    table = equal_cost(results)
    if table.empty:
        return Drawing()
    ends = [*table["validation_loss_low"].dropna(), *table["validation_loss_high"].dropna()]
    domain = padded([*table["validation_loss"], *ends])
    return Drawing([_panel(table, quantity, domain) for quantity in QUANTITIES], series_keys(table))


def series_keys(table: pd.DataFrame) -> list[Key]:
    """Return the key of each series as it is drawn: a mark, and a line where it has more than one n."""
    several = table.groupby("series")["updates_per_batch"].nunique() > 1
    looks = looks_of(table["series"])
    return keys_of(
        {name: look if several[name] else look._replace(dash=None) for name, look in looks.items()}
    )


def looks_of(series: pd.Series) -> Looks:
    """Return colour, dash and shape of each series: the controls first, then the tolerances in order."""
    present = set(series)
    until = sorted(present - set(LOOKS), key=lambda name: float(name.split()[-1]))
    looks = {name: look for name, look in LOOKS.items() if name in present}
    return looks | {name: UNTIL[place % len(UNTIL)] for place, name in enumerate(until)}


def n_axis(table: pd.DataFrame) -> alt.X:
    """Return the axis of n, base 2, with a tick at each that was run."""
    values = sorted({int(n) for n in table["updates_per_batch"]})
    scale = alt.Scale(type="log", base=2, domain=[values[0] / 1.15, values[-1] * 1.15], nice=False)
    title = "n, the most updates per visit"
    return alt.X("updates_per_batch:Q", title=title, scale=scale, axis=alt.Axis(values=values, format=",d"))


def _panel(rows: pd.DataFrame, quantity: str, domain: list[float]) -> Panel:
    table = rows[rows["quantity"] == quantity]
    title = f"validation loss after {int(table['budget'].iloc[0]):,} {UNITS[quantity]}"
    x, y = n_axis(rows), logarithmic(alt.Y, "validation_loss", title, domain)
    ends = {"validation_loss_low": "low", "validation_loss_high": "high"}
    table = table.rename(columns=ends)
    base = alt.Chart(records(table))
    plain = base.transform_filter(f"datum.way == '{ONCE}'")
    plain = plain.mark_rule(strokeWidth=1, strokeDash=[2, 3], color=LOOKS[NAMES[ONCE]].colour)
    looks = looks_of(rows["series"])
    layers = [plain.encode(y=y), *series_layers(base, x, y, looks, bar=2.2, size=64)]
    values = "; ".join(
        f"{row.series}, n = {row.updates_per_batch}: {number(row.validation_loss)}"
        for row in table.itertuples()
    )
    label = f"{title.capitalize()}, against updates per visit. {values}."
    shown = table[["series", "updates_per_batch", "validation_loss", "low", "high"]]
    return draw(layered(layers), f"repeat-{quantity}", label, data=shown)


FIGURE = Figure(
    name="repeat",
    number="6a",
    place="repeat",
    title="Validation loss at equal cost, against the updates allowed per visit.",
    caption="""In the first, all have made the same number of updates; in the second, they have spent
the same evaluations of the network, looks at a loss included. For each budget every setting runs at the rate
that is best at that very budget on the tuning seeds. Geometric mean over the reported seeds and its 95 %
t-interval; the dotted line continues one update per visit. Two controls tell what does it: skipping satisfied
examples without repeating, and repeating without a tolerance.""",
    draw=draw_repeats,
)
