"""All modes at one shared learning rate: small panels a rate, which the page turns into one with a slider."""

from dataclasses import dataclass

import altair as alt
import numpy as np
import pandas as pd

from perbatch.analysis.curves import loss_table
from perbatch.analysis.representatives import representatives
from perbatch.analysis.results import Results
from perbatch.analysis.sweep import Sweep
from perbatch.report.figures.figure import Drawing, Figure, Live
from perbatch.report.figures.live import columns, compiled, reading
from perbatch.report.figures.losses import AXES, Losses, line, loss_axis, loss_domain, losses_of, target_rule
from perbatch.report.figures.series import crosses, diverged_track, keys_of
from perbatch.report.figures.style import SMALL, logarithmic, padded, records
from perbatch.report.figures.svg import Panel, draw, layered
from perbatch.report.wording import number, rate


@dataclass(frozen=True)
class Explorer:
    """`curves`: step, series, presentations, median loss; `lost`: step, series, presentations at divergence.

    A step is the place of a rate in `rates`; `words[step]` says what is seen; `chosen` is each mode's step.
    """

    rates: list[float]
    curves: pd.DataFrame
    lost: pd.DataFrame
    words: list[str]
    chosen: dict[str, int]


def draw_explorer(results: Results) -> Drawing:
    """Draw a small panel a rate, all on the same axes; nothing below two rates, or where they were searched.

    A search runs the reported seeds at each mode's chosen rates alone.
    """
    if results.sweep.searched:
        return Drawing()
    losses = losses_of(results)
    explorer = _explorer(results, losses)
    if explorer is None or explorer.curves["loss"].isna().all():
        return Drawing()
    panels = [_panel(explorer, losses, step) for step in range(len(explorer.rates))]
    keys = keys_of({text: losses.looks[name] for name, text in losses.names.items()})
    rates = [rate(value) for value in explorer.rates]
    jumps = [(f"{losses.names[name]}: {rates[step]}", step) for name, step in explorer.chosen.items()]
    first = explorer.chosen.get("mini_batch", next(iter(explorer.chosen.values())))
    live = _live(explorer, losses, {"words": explorer.words, "rates": rates, "first": first})
    return Drawing(panels, keys, live, values={"rates": rates, "jumps": jumps})


def _explorer(results: Results, losses: Losses) -> Explorer | None:
    """The reported seeds of the modes' representatives at every rate; None below two rates."""
    rates = [float(rate) for rate in sorted(results.sweep.runs["learning_rate"].unique())]
    if len(rates) < 2 or not losses.names:
        return None
    curves, lost, words = [], [], []
    rows = {name: row for name, row in representatives(results).items() if name in losses.names}
    for step in range(len(rates)):
        said = []
        for name, row in rows.items():
            runs = _runs(results, row["contender"], rates[step])
            if runs.empty:
                continue
            curves.append(_median(results.sweep, runs).assign(step=step, series=name))
            ended = runs.loc[runs["status"] == "diverged", ["presentations"]].clip(lower=1).astype(float)
            lost.append(ended.assign(step=step, series=name))
            said.append(f"{losses.names[name]} {_outcome(runs)}")
        words.append(f"At rate {rate(rates[step])}: {'; '.join(said)}.")
    chosen = {name: rates.index(float(row["learning_rate"])) for name, row in rows.items()}
    return Explorer(rates, pd.concat(curves), pd.concat(lost), words, chosen)


def _axes(explorer: Explorer, losses: Losses, title: str | None) -> tuple[alt.X, list[float]]:
    """The axis of presentations, and the range of losses: the same at every rate."""
    domain = padded(explorer.curves["presentations"], share=0.0)
    return logarithmic(alt.X, "presentations", title, domain), loss_domain(explorer.curves, losses)


def _panel(explorer: Explorer, losses: Losses, step: int) -> Panel:
    curves, lost = (
        alt.Chart(records(table[table["step"] == step])) for table in (explorer.curves, explorer.lost)
    )
    x, domain = _axes(explorer, losses, None)
    layers = [
        *target_rule(losses.target, domain),
        line(curves, losses.looks).encode(x=x, y=loss_axis("loss", domain)),
    ]
    if len(explorer.lost):  # on every panel, so that they stay in line
        layers += [*diverged_track(SMALL[0]), crosses(lost, x, losses.looks)]
    title = f"rate {rate(explorer.rates[step])}"
    return draw(layered(layers, *SMALL), f"shared-rate-{step}", explorer.words[step], title=title)


def _live(explorer: Explorer, losses: Losses, wiring: dict[str, object]) -> Live:
    """The same at one rate, which the signal `step` chooses."""
    curves, lost = (
        alt.Chart(alt.NamedData(name)).transform_filter("datum.step == step") for name in ("curves", "lost")
    )
    x, domain = _axes(explorer, losses, AXES["presentations"])
    y = loss_axis("loss", domain)
    layers = [
        *target_rule(losses.target, domain),
        *diverged_track({"expr": "width"}),
        line(curves, losses.looks).encode(x=x, y=y),
        crosses(lost, x, losses.looks, size=44),
        *reading(curves, x, y, losses.looks, "presentations"),
    ]
    rows = explorer.curves.assign(name=explorer.curves["series"].map(losses.names))
    spec = compiled(layers, alt.param(name="step", value=0))
    return Live(spec, {"curves": columns(rows), "lost": columns(explorer.lost)}, wiring)


def _runs(results: Results, contender: str, learning_rate: float) -> pd.DataFrame:
    runs = results.sweep.usable
    at = (runs["contender"] == contender) & (runs["learning_rate"] == learning_rate)
    return runs[at & runs["seed"].isin(results.seeds.reported)]


def _median(sweep: Sweep, runs: pd.DataFrame) -> pd.DataFrame:
    losses = loss_table(sweep, runs)
    losses = losses[losses.index > 0]
    median = losses.median(axis=1).replace([np.inf], np.nan)
    return pd.DataFrame({"presentations": losses.index, "loss": median.to_numpy()})


def _outcome(runs: pd.DataFrame) -> str:
    lost = int((runs["status"] == "diverged").sum())
    middle = float(runs["last_loss"].median())
    text = f"ends at loss {number(middle)}" if np.isfinite(middle) else "diverges"
    return f"{text} ({lost} of {len(runs)} diverged)" if lost else text


FIGURE = Figure(
    name="explorer",
    number="3a",
    place="rates",
    title="All modes at one shared learning rate.",
    caption="""Median validation loss of the reported seeds against presentations (examples shown). A cross
on the rail marks a run that diverged, at the presentation at which its loss was no longer finite.""",
    draw=draw_explorer,
    size="small",
    controls="""<label for="rate">Learning rate, the same for all modes: <output id="rate-now" for="rate">{{
rates[0] }}</output></label>
<input type="range" id="rate" min="0" max="{{ rates | length - 1 }}" value="0" step="1">
<p class="jumps">Chosen for {% for words, step in jumps %}<button type="button" data-step="{{ step }}">{{
words }}</button> {% endfor %}</p>
<p class="said" aria-live="polite"></p>""",
)
