"""When the update happens: a strip a mode, a dot for each gradient, a tick for each update."""

import altair as alt
import numpy as np
import pandas as pd

from perbatch.analysis.contenders import named
from perbatch.analysis.representatives import representatives
from perbatch.analysis.results import Results
from perbatch.report.figures.figure import Drawing, Figure
from perbatch.report.figures.style import INK, MODES, QUIET, records
from perbatch.report.figures.svg import Panel, draw, layered
from perbatch.report.wording import number

WIDTH = 340
COUNTED = ["updates", "gradient_evaluations", "forward_evaluations"]


def draw_strips(results: Results) -> Drawing:
    """Draw the updates over the first examples shown (two mini-batches' worth), a panel a mode."""
    span = min(results.sweep.n_train, 2 * results.sweep.settings.mini_batch)
    rows = representatives(results)
    panels = [_strip(results, name, row, span, name == list(rows)[-1]) for name, row in rows.items()]
    beside = [(named(row).long, _first_epoch_sentence(results, row)) for row in rows.values()]
    return Drawing(panels, beside=beside)


def first_epoch(results: Results, row: pd.Series) -> pd.Series:
    """Return what is COUNTED in the first epoch; in repeat mode the median over the reported seeds."""
    n_train = results.sweep.n_train
    if row["mode"] != "repeat":
        return pd.Series([-(-n_train // int(row["batch_size"])), n_train, 0], COUNTED)
    counts = [
        [np.interp(n_train, history["presentations"], history[name], right=np.nan) for name in COUNTED]
        for history in _histories(results, row)
    ]
    # a diverged run may end before: it has no say
    return pd.DataFrame(counts, columns=COUNTED, dtype=float).median().round()


def _strip(results: Results, name: str, row: pd.Series, span: int, last: bool) -> Panel:
    places = _update_places(results, row, span)
    x = alt.X(
        "at:Q",
        title="examples shown, one by one" if last else None,
        scale=alt.Scale(domain=[0, span + 1], nice=False),
        axis=alt.Axis(values=[1, *range(span // 4, span + 1, span // 4)]) if last else None,
    )
    gradients = pd.DataFrame({"at": range(1, span + 1)})
    dots = (
        alt.Chart(records(gradients)).mark_circle(size=7, color=QUIET, opacity=1).encode(x=x, y=alt.value(46))
    )
    layers: list[alt.Chart] = [dots]
    if places:
        ticks = alt.Chart(records(pd.DataFrame({"at": places})))
        ticks = ticks.mark_rule(strokeWidth=1.5 if len(places) < 100 else 0.8, color=MODES[name].colour)
        layers.append(ticks.encode(x=x, y=alt.value(4), y2=alt.value(36)))
    else:
        note = f"no update yet: the first comes after {int(row['batch_size']):,} examples →"
        text = alt.Chart(records(pd.DataFrame({"text": [note]}))).mark_text(align="right", color=INK)
        layers.append(text.encode(x=alt.value(WIDTH), y=alt.value(22), text="text:N"))
    counts = first_epoch(results, row)
    label = (
        f"{named(row).long}: {number(len(places))} updates over the first {span} examples; in the first "
        f"epoch {number(counts['updates'], 4)} updates from {number(counts['gradient_evaluations'], 4)} "
        f"gradient evaluations."
    )
    data = pd.DataFrame({"update": range(1, len(places) + 1), "after_examples": places})
    return draw(layered(layers, WIDTH, 52), f"strip-{name}", label, data=data)


def _first_epoch_sentence(results: Results, row: pd.Series) -> str:
    made, gradients, checks = first_epoch(results, row)
    if not made > 0:
        return "Every reported run diverged before the end of the first epoch."
    updates = f"{number(made, 4)} update{'' if made == 1 else 's'}"
    text = f"In the first epoch {updates} from {number(gradients, 4)} gradient evaluations"
    if checks > 0:
        text += f", and {number(checks, 4)} further forward evaluations to check the loss"
    return f"{text}."


def _update_places(results: Results, row: pd.Series, span: int) -> list[float]:
    """Where the updates fall: at the end of each batch; repeated ones spread between two evaluations."""
    if row["mode"] != "repeat":
        size = int(row["batch_size"])
        return [float(at) for at in range(size, span + 1, size)]
    histories = _histories(results, row)
    if not histories:
        return []
    history = histories[0]
    updates = history["updates"].to_numpy(float)
    total = int(np.interp(span, history["presentations"], updates))
    distinct = np.concatenate([[True], np.diff(updates) > 0])
    at = np.interp(
        np.arange(1, total + 1), updates[distinct], history["presentations"].to_numpy(float)[distinct]
    )
    return [round(float(place), 2) for place in at]


def _histories(results: Results, row: pd.Series) -> list[pd.DataFrame]:
    mine = results.runs_of(row)
    return [results.sweep.history_of(mine.iloc[[place]]) for place in range(len(mine))]


FIGURE = Figure(
    name="strips",
    number="1",
    place="mechanism",
    title="Examples are shown one by one, updates are applied per batch.",
    caption="""Each grey dot is one example being shown; each coloured tick is one update. Without
repeating, an example's gradient is computed when it is shown.{% if "repeat" in names %} In repeat mode an
example has as many gradients as it gets updates, none where it is satisfied already; the ticks are those of
one run, spread evenly between two evaluations.{% endif %}""",
    draw=draw_strips,
)
