"""The page's figures by name, for the contenders that speak for the modes."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from perbatch.comparison.compare import Findings
from perbatch.comparison.curves import loss_curves
from perbatch.comparison.figures.curves import AXES, Line, loss_figure
from perbatch.comparison.figures.hardware import memory_figure, throughput_figure
from perbatch.comparison.figures.rates import rate_figures
from perbatch.comparison.figures.retention import retention_figure
from perbatch.comparison.figures.strips import update_strips
from perbatch.comparison.figures.style import COLOURS, DASHES, PAIR, PAIR_DASHES, PLAIN, REPEAT, Figure
from perbatch.comparison.figures.targets import target_figure
from perbatch.comparison.reproduce import benchmark_rows, memory_rows
from perbatch.comparison.speakers import plain_at, speakers
from perbatch.comparison.wording import UNITS, estimate_of, interval, mode_name, number, rate, seeds_reached


@dataclass(frozen=True)
class Figures:
    """What the page shows; a list is empty and a figure None where the data have nothing to draw."""

    strips: dict[str, Figure]
    losses: list[Figure]
    rates: list[Figure]
    targets: list[Figure]
    repeat: Figure | None
    retention: Figure | None
    throughput: Figure | None
    memory: Figure | None


def page_figures(findings: Findings) -> Figures:
    """Draw all figures of the page."""
    curves = loss_curves(findings)
    speaking = speakers(findings)
    modes = {
        row["contender"]: Line(_legend(row), COLOURS[name], DASHES[name]) for name, row in speaking.items()
    }
    repeat = speaking.get("repeat")
    priced, memory = benchmark_rows(findings), memory_rows(findings)
    targets = (target_figure(findings, quantity) for quantity in UNITS)
    return Figures(
        strips=update_strips(findings),
        losses=[_losses(findings, curves, modes, axis) for axis in ("presentations", "updates")]
        if modes
        else [],
        rates=rate_figures(findings),
        targets=[figure for figure in targets if figure is not None],
        repeat=None if repeat is None else _repeat(findings, curves, repeat),
        retention=None
        if repeat is None
        else retention_figure(curves[curves["contender"] == repeat["contender"]]),
        throughput=throughput_figure(priced) if len(priced) > 1 else None,
        memory=memory_figure(memory) if len(priced) > 1 else None,
    )


def _legend(row: pd.Series) -> str:
    return f"{mode_name(row)}, rate {rate(row['learning_rate'])}"


def _losses(findings: Findings, curves: pd.DataFrame, lines: dict[str, Line], axis: str) -> Figure:
    quantity = "epochs" if axis == "presentations" else axis
    rows = findings.comparison[findings.comparison["contender"].isin(lines)]
    told = "; ".join(_told(row, quantity) for _, row in rows.iterrows())
    label = f"Validation loss against {AXES[axis]}, each mode at its chosen rate. To the target: {told}."
    return loss_figure(curves, lines, axis, findings.study.target, label)


def _told(row: pd.Series, quantity: str) -> str:
    value = row[f"{quantity}_to_target"]
    if pd.isna(value):
        return f"{mode_name(row)}, {seeds_reached(row)} reached it"
    ends = interval(estimate_of(row, f"{quantity}_to_target"))
    return f"{mode_name(row)}, {number(value)} {UNITS[quantity]}{f' ({ends})' if ends else ''}"


def _repeat(findings: Findings, curves: pd.DataFrame, repeat: pd.Series) -> Figure | None:
    plain = plain_at(findings, int(repeat["batch_size"]))
    if plain is None:
        return None
    lines = {
        row["contender"]: Line(f"{name}, rate {rate(row['learning_rate'])}", PAIR[name], PAIR_DASHES[name])
        for name, row in ((PLAIN, plain), (REPEAT, repeat))
    }
    return _losses(findings, curves, lines, "gradient_evaluations")
