"""The network that the reader trains in the page: drawn points, and the library's own start and orders."""

from typing import Any

import numpy as np

from perbatch.backprop.network import Network
from perbatch.backprop.randomness import generators
from perbatch.report.figures.style import MODES
from perbatch.report.figures.svg import key
from perbatch.report.wording import rate

SIZES = (2, 8, 3)
ACTIVATION = "tanh"
SEED = 1
PASSES = 60
"""Orders that the page holds; a longer training goes through them again."""
TOLERANCE, UPDATES = 0.3, 10
"""Of `repeat until satisfied`, as the pipeline's repeat mode is tuned on digits."""
SIZES_OFFERED = (1, 2, 4, 8, 16)
PATH_PASSES = 40
"""Passes of each path that is drawn."""
RATES = (0.03, 0.1, 0.3, 1.0, 3.0)
A_CLASS = 16  # points
SHAPES = ("M0-6A6 6 0 1 1-.01-6z", "M-5.5-5.5h11v11h-11z", "M-6.5 5.5L0-7L6.5 5.5z")


def drawn_points() -> tuple[np.ndarray, np.ndarray]:
    """Return three arms of a spiral that touch: X (48, 2) within -1 to 1 in hundredths, labels y (48,)."""
    rng = np.random.default_rng(SEED)
    along = np.tile(np.linspace(0.12, 0.92, A_CLASS), 3)
    y = np.repeat(np.arange(3), A_CLASS)
    angle = y * 2 * np.pi / 3 + 2.4 * along + rng.normal(0, 0.22, len(y))
    X = np.column_stack([along * np.cos(angle), along * np.sin(angle)])
    return np.round(X, 2), y


def network() -> Network:
    """Return the network: two inputs, eight hidden units, three classes."""
    return Network(SIZES, activation=ACTIVATION)


def start_and_orders() -> tuple[np.ndarray, list[np.ndarray]]:
    """Return theta and one order of the points a pass, as a run of the library with this seed has them."""
    initialisation, shuffling = generators(SEED)
    _, y = drawn_points()
    return network().init(initialisation), [shuffling.permutation(len(y)) for _ in range(PASSES)]


def given() -> dict[str, Any]:
    """Return what the page hands to its script, as plain lists and numbers."""
    X, y = drawn_points()
    theta, orders = start_and_orders()
    return {
        "sizes": list(SIZES),
        "X": X.tolist(),
        "y": y.tolist(),
        "theta": theta.tolist(),
        "orders": [order.tolist() for order in orders],
        "shapes": SHAPES,
        "passes": PATH_PASSES,
        "until": {"updates": UPDATES, "tolerance": TOLERANCE},
    }


def lab() -> dict[str, Any]:
    """Return what the template of Figure B shows: numbers, the drawn points, and the key of the paths."""
    X, y = drawn_points()
    names = {"stochastic": "M = 1", "mini_batch": "M = 8", "full_batch": f"all {len(y)}"}
    return {
        "points": len(y),
        "path_passes": PATH_PASSES,
        "until": {"updates": UPDATES, "tolerance": f"{TOLERANCE:g}"},
        "parameters": network().n_parameters,
        "sizes": SIZES_OFFERED,
        "rates": [rate(value) for value in RATES],
        "map": _drawn(X, y),
        "paths": [MODES[name] for name in names],
        "legend": [key(text, MODES[name].colour, MODES[name].dash) for name, text in names.items()],
    }


def _drawn(X: np.ndarray, y: np.ndarray) -> str:
    """The points as SVG, as the script draws them: a shape a class."""
    marks = "".join(
        f'<path d="{SHAPES[label]}" class="class-{label}" '
        f'transform="translate({150 * (1 + right):g} {150 * (1 - up):g})"/>'
        for (right, up), label in zip(X.tolist(), y.tolist(), strict=True)
    )
    label = f"{len(y)} points of three classes, {A_CLASS} of each, in the arms of a spiral."
    return (
        f'<svg viewBox="0 0 300 300" role="img" aria-label="{label}"><g data-part="points">{marks}</g></svg>'
    )
