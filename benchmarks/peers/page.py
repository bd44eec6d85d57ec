"""The page benchmarks/peers/peers.md."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version

import numpy as np

from memory import peak_kilobytes
from perbatch.timing.processor import processor_name
from problem import EXAMPLES, NETWORKS
from processors import Comparison
from timing import Measured

OURS = "perbatch, compiled"
PEERS = ("JAX", "PyTorch", "scikit-learn", "products alone", "perbatch, numpy")
PACKAGES = ("numpy", "numba", "jax", "torch", "scikit-learn")
GOALS = {
    "JAX": lambda m: 1.0,
    "PyTorch": lambda m: 20.0 if m == 1 else 3.0 if m <= 32 else 1.0,
    "scikit-learn": lambda m: 20.0 if m == 1 else 2.0,
    "products alone": lambda m: 1.0 if m == 1 else 1 / 1.5 if m >= 32 else 0.0,
}


def page(
    measured: Sequence[Measured],
    repeats: int,
    sparse: Sequence[tuple[str, float, float]],
    processors: Sequence[Comparison],
) -> str:
    """Return the whole page."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    sections = [
        "# perbatch and its peers, side by side\n\n"
        "Written by `make benchmark-peers`; do not edit. One epoch of plain gradient descent over 1,000 "
        "examples in a new random order, softmax cross-entropy, relu, `float32`, one thread. All start from "
        "the same parameters, see the same orders and reach the same losses, which is checked before "
        "anything is timed.\n\n"
        f"{processor_name()}; Python {platform.python_version()}; {versions}; "
        f"{datetime.now(UTC).date()}. Medians of {repeats} timings taken in turns, with the quartiles.",
        "## Milliseconds an epoch\n\n" + _times(measured),
        "## How many times as long a peer takes\n\n"
        "Medians of the ratios within each turn. Goals: JAX above 1; PyTorch at least 20 at M = 1, 3 at "
        "M = 8 and 32, above 1 elsewhere; scikit-learn at least 20 at M = 1, 2 elsewhere; the bare products "
        "above 1 at M = 1, and at least 0.67 (perbatch at most 1.5 times their time) for M >= 32. "
        "**Bold: missed.**\n\n" + _ratios(measured),
        "## The loops tried\n\nOf each peer's loops the fastest counts, for each row anew.\n\n"
        + _loops(measured),
        "## Zero inputs\n\nAt M = 1 inputs that are zero are skipped, exactly. Milliseconds an epoch:\n\n"
        + _table(
            ["network", "zeros", "ms"], [[name, f"{share:.0%}", f"{ms:.2f}"] for name, share, ms in sparse]
        ),
        "## Memory\n\nPeak kilobytes beyond data and parameters, the engine's making included; an epoch then "
        "allocates nothing.\n\n" + _memory(measured),
        "## Other processors\n\n" + _processors(processors),
        "## Why not a GPU\n\n" + _gpu(measured),
    ]
    return "\n\n".join(sections) + "\n"


def records(measured: Sequence[Measured]) -> list[dict[str, object]]:
    """Return a row a loop: milliseconds an epoch (median, quartiles), and whether its peer has no faster."""
    rows: list[dict[str, object]] = []
    for each in measured:
        network, size = _name(each)
        for peer, loop in each.milliseconds:
            low, median, high = np.quantile(each.milliseconds[peer, loop], [0.25, 0.5, 0.75])
            times = {"ms": median, "ms_low": low, "ms_high": high}
            fastest = {"fastest": int(each.best(peer) == (peer, loop))}
            rows.append(
                {"network": network, "batch_size": size, "peer": peer, "loop": loop, **times, **fastest}
            )
    return rows


def line(measured: Measured) -> str:
    """Return one row of the ratios, for the log."""
    return " | ".join([*_name(measured), *_row(measured)])


def _name(measured: Measured) -> list[str]:
    size = measured.problem.batch_size
    return ["-".join(map(str, measured.problem.sizes)), "full" if size == 1000 else str(size)]


def _times(measured: Sequence[Measured]) -> str:
    rows = []
    for each in measured:
        times = [each.milliseconds[each.best(peer)] for peer in (OURS, *PEERS)]
        quartiles = [np.quantile(t, [0.25, 0.5, 0.75]) for t in times]
        rows.append(_name(each) + [f"{q[1]:.3g} ({q[0]:.3g} to {q[2]:.3g})" for q in quartiles])
    return _table(["network", "M", OURS, *PEERS], rows)


def _ratios(measured: Sequence[Measured]) -> str:
    return _table(["network", "M", *PEERS], [_name(each) + _row(each) for each in measured])


def _row(measured: Measured) -> list[str]:
    cells = []
    for peer in PEERS:
        low, ratio, high = np.quantile(measured.ratio(peer, OURS), [0.25, 0.5, 0.75])
        text = f"{ratio:.3g} ({low:.3g} to {high:.3g})"
        met = peer not in GOALS or ratio >= GOALS[peer](measured.problem.batch_size)
        cells.append(text if met else f"**{text}**")
    return cells


def _loops(measured: Sequence[Measured]) -> str:
    keys = [key for key in measured[0].milliseconds if key[0] in ("JAX", "PyTorch")]
    rows = [
        [" ".join(key), *(f"{np.median(each.milliseconds[key]):.3g}" for each in measured)] for key in keys
    ]
    return _table(["milliseconds an epoch", *(" M=".join(_name(each)) for each in measured)], rows)


def _memory(measured: Sequence[Measured]) -> str:
    rows = [
        _name(each) + [f"{peak_kilobytes(name, each.problem):,.0f}" for name in ("compiled", "numpy")]
        for each in measured
    ]
    return _table(["network", "M", "compiled", "numpy"], rows)


def _processors(comparisons: Sequence[Comparison]) -> str:
    if not comparisons:
        return "Only tried on x86-64."
    runs = comparisons[0].runs
    rows = [
        [
            each.engine,
            f"`{each.setting}`",
            f"{each.identical} of {each.runs}",
            f"{each.digits:.0f}",
            "yes" if each.same_rates else "no",
            ", ".join(each.apart) or "none",
        ]
        for each in comparisons
    ]
    return (
        f"{runs} runs on the digits (relu and tanh, M = 1, 32 and full, six rates, three seeds, 20 epochs, "
        "`float64`), in processes that are told to be another processor, against this one as it is. The "
        "compiled engine calls no BLAS; its code is also compiled for other processors.\n\n"
        + _table(
            [
                "engine",
                "told",
                "runs with the same bits",
                "digits of the loss that agree at the chosen rates",
                "same rates chosen",
                "cells where fewer than 6 digits agree",
            ],
            rows,
        )
    )


def _gpu(measured: Sequence[Measured]) -> str:
    update, batch = (
        1e3 * np.median(each.milliseconds[each.best(OURS)]) / np.ceil(EXAMPLES / each.problem.batch_size)
        for each in measured
        if each.problem.sizes == NETWORKS[0] and each.problem.batch_size in (1, 32)
    )
    return (
        f"An update of the small network takes {update:.2g} microseconds at M = 1 and {batch:.2g} at M = 32. "
        "Starting one kernel on a GPU takes several, and an update needs about ten of them. Networks whose "
        "products take milliseconds are for a GPU, and not for perbatch."
    )


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
