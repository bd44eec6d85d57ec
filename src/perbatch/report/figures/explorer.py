"""All modes at one shared learning rate: small panels a rate, which the page turns into one with a slider."""

from dataclasses import dataclass

import altair as alt
import numpy as np
import pandas as pd

from perbatch.analysis.curves import loss_table
from perbatch.analysis.representatives import representatives
from perbatch.analysis.results import Results
from perbatch.report.figures.curves import line, loss_axis, loss_domain, target_rule
from perbatch.report.figures.loss_data import Losses
from perbatch.report.figures.rail import RAIL, crosses, rail
from perbatch.report.figures.style import log_axis, log_scale, padded, records
from perbatch.report.figures.svg import Figure, draw
from perbatch.report.wording import number, rate

WIDTH, HEIGHT = 215, 120


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


def explorer_of(results: Results, losses: Losses) -> Explorer | None:
    """Collect the reported seeds of the speaking modes at every rate; None below two rates."""
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
            curve, ends = _median(results.sweep.history, runs), _ends(runs)
            curves.append(curve.assign(step=step, series=name))
            lost.append(pd.DataFrame({"presentations": ends}).assign(step=step, series=name))
            said.append(f"{losses.names[name]} {_outcome(runs)}")
        words.append(f"At rate {rate(rates[step])}: {'; '.join(said)}.")
    chosen = {name: rates.index(float(row["learning_rate"])) for name, row in rows.items()}
    return Explorer(rates, pd.concat(curves), pd.concat(lost), words, chosen)


def explorer_figures(explorer: Explorer, losses: Losses, target: float, start: float) -> list[Figure]:
    """Draw a small panel a rate, all on the same axes."""
    y_domain = loss_domain(explorer.curves, target, start)
    x_domain = padded(explorer.curves["presentations"], share=0.0)
    return [
        _panel(explorer, losses, step, target, (x_domain, y_domain)) for step in range(len(explorer.rates))
    ]


def _panel(
    explorer: Explorer, losses: Losses, step: int, target: float, domains: tuple[list[float], list[float]]
) -> Figure:
    curves, lost = (table[table["step"] == step] for table in (explorer.curves, explorer.lost))
    x_domain, y_domain = domains
    x = alt.X("presentations:Q", title=None, scale=log_scale(x_domain), axis=log_axis(x_domain))
    layers = [
        *target_rule(target, y_domain),
        line(alt.Chart(records(curves)), losses).encode(x=x, y=loss_axis("loss", y_domain)),
    ]
    if len(explorer.lost):  # on every panel, so that they stay in line
        layers += [*rail(WIDTH), crosses(lost, losses.colours()).encode(x=x, y=alt.value(RAIL))]
    chart = alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)
    title = f"rate {rate(explorer.rates[step])}"
    return draw(chart, f"shared-rate-{step}", explorer.words[step], title=title)


def _runs(results: Results, contender: str, learning_rate: float) -> pd.DataFrame:
    runs = results.sweep.usable
    at = (runs["contender"] == contender) & (runs["learning_rate"] == learning_rate)
    return runs[at & runs["seed"].isin(results.seeds.reported)]


def _median(history: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    losses = loss_table(history, runs)
    losses = losses[losses.index > 0]
    median = losses.median(axis=1).replace([np.inf], np.nan)
    return pd.DataFrame({"presentations": losses.index, "loss": median.to_numpy()})


def _ends(runs: pd.DataFrame) -> list[float]:
    lost = runs[runs["status"] == "diverged"]
    return [float(max(end, 1)) for end in lost["presentations"]]


def _outcome(runs: pd.DataFrame) -> str:
    lost = int((runs["status"] == "diverged").sum())
    middle = float(runs["last_loss"].median())
    text = f"ends at loss {number(middle)}" if np.isfinite(middle) else "diverges"
    return f"{text} ({lost} of {len(runs)} diverged)" if lost else text
