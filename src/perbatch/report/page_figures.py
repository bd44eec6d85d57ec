"""The page's figures by name, for the contenders that represent the modes."""

from dataclasses import dataclass, fields

import pandas as pd

from perbatch.analysis.contenders import named
from perbatch.analysis.curves import loss_curves
from perbatch.analysis.representatives import representatives
from perbatch.analysis.results import Results, fact
from perbatch.analysis.stability import stability
from perbatch.report.figures.best_rates import best_rate_figure
from perbatch.report.figures.curves import loss_figure, loss_keys
from perbatch.report.figures.explorer import Explorer, explorer_figures, explorer_of
from perbatch.report.figures.live import Live, live_explorer, live_losses
from perbatch.report.figures.loss_data import Losses, losses_of
from perbatch.report.figures.memory import memory_figure
from perbatch.report.figures.rates import rate_figures, rate_keys
from perbatch.report.figures.repeats import equal_cost, kept_figure, repeat_figures, repeat_keys
from perbatch.report.figures.retention import retention_figure
from perbatch.report.figures.scores import score_figures, score_keys
from perbatch.report.figures.stability import stability_figures, stability_keys
from perbatch.report.figures.strips import update_strips
from perbatch.report.figures.svg import Figure, Key
from perbatch.report.figures.targets import target_figures, target_keys
from perbatch.report.figures.throughput import throughput_figure
from perbatch.report.wording import UNITS, estimate_of, interval, number, seeds_reached


@dataclass(frozen=True)
class Group:
    """Panels that share a key; falsy without panels."""

    panels: list[Figure]
    keys: list[Key]
    live: Live | None = None

    def __bool__(self) -> bool:
        """Whether there is anything to draw."""
        return bool(self.panels)


@dataclass(frozen=True)
class Figures:
    """What the page shows; a group is falsy and the explorer None where the data have nothing to draw."""

    strips: dict[str, Figure]
    losses: Group
    explorer: Explorer | None
    shared_rate: Group
    rates: Group
    best_rate: Group
    scores: Group
    targets: Group
    throughput: Group
    repeat: Group
    kept: Group
    stability: Group
    memory: Group
    names: Losses

    def files(self) -> dict[str, Figure]:
        """All panels by name, each with its key."""
        found = {f"strip-{name}": figure for name, figure in self.strips.items()}
        for field in fields(self):
            group = getattr(self, field.name)
            if isinstance(group, Group):
                found |= {each.name: _with_keys(each, group.keys) for each in group.panels}
        return found


@fact
def page_figures(results: Results) -> Figures:
    """Draw all figures of the page."""
    losses = losses_of(results)
    explorer = explorer_of(results, losses)
    priced = results.sweep.benchmark
    many = len(priced) > 1
    targets = target_figures(results)
    at_equal_cost, kept = _repeats(results)
    return Figures(
        strips=update_strips(results),
        losses=_losses(results, losses),
        explorer=explorer,
        shared_rate=_shared_rate(results, explorer, losses),
        rates=Group(rate_figures(results), rate_keys(results)),
        best_rate=_single(best_rate_figure(results)),
        scores=Group(score_figures(results.ending or results), score_keys(results)),
        targets=Group(targets, target_keys(results) if targets else []),
        throughput=_single(throughput_figure(priced) if many else None),
        repeat=at_equal_cost,
        kept=kept,
        stability=_stability(results),
        memory=_single(memory_figure(results.sweep.memory) if many else None),
        names=losses,
    )


def _single(*figures: Figure | None) -> Group:
    return Group([figure for figure in figures if figure is not None], [])


def _with_keys(figure: Figure, keys: list[Key]) -> Figure:
    return Figure(figure.name, figure.svg, figure.label, figure.title, figure.keys or tuple(keys))


def _start(results: Results) -> float:
    history = results.sweep.history
    return float(history.loc[history["presentations"] == 0, "validation_loss"].median())


def _losses(results: Results, losses: Losses) -> Group:
    target, start = results.sweep.target, _start(results)
    if losses.median.empty or losses.median["loss"].isna().all():
        return Group([], [])
    panels = [
        loss_figure(losses, axis, target, start, _loss_label(results, losses, axis)) for axis in losses.axes
    ]
    return Group(panels, loss_keys(losses), live_losses(losses, target, start))


def _shared_rate(results: Results, explorer: Explorer | None, losses: Losses) -> Group:
    if explorer is None or explorer.curves["loss"].isna().all():
        return Group([], [])
    target, start = results.sweep.target, _start(results)
    panels = explorer_figures(explorer, losses, target, start)
    return Group(panels, loss_keys(losses), live_explorer(explorer, losses, target, start))


def _loss_label(results: Results, losses: Losses, axis: str) -> str:
    quantity = "epochs" if axis == "presentations" else axis
    rows = [row for name, row in representatives(results).items() if name in losses.names]
    told = "; ".join(_told(row, quantity) for row in rows)
    named = UNITS.get(axis, axis)
    return f"Validation loss against {named}, each mode at its chosen rate. To the target: {told}."


def _told(row: pd.Series, quantity: str) -> str:
    value = row[f"{quantity}_to_target"]
    if pd.isna(value):
        return f"{named(row).long}, {seeds_reached(row)} reached it"
    ends = interval(estimate_of(row, f"{quantity}_to_target"))
    return f"{named(row).long}, {number(value)} {UNITS[quantity]}{f' ({ends})' if ends else ''}"


def _repeats(results: Results) -> tuple[Group, Group]:
    """Loss at equal cost, and what is kept, at the batch size of the repeat mode's speaker."""
    repeat = representatives(results).get("repeat")
    if repeat is None:
        return Group([], []), Group([], [])
    table = equal_cost(results)
    curves = loss_curves(results)
    kept = retention_figure(curves[curves["contender"] == repeat["contender"]])
    if table.empty:
        return Group([], []), _single(kept)
    return Group(repeat_figures(table), repeat_keys(table)), _single(kept_figure(table), kept)


def _stability(results: Results) -> Group:
    table = stability(results)
    panels = stability_figures(table)
    return Group(panels, stability_keys(table) if panels else [])
