"""Numbers and intervals as the page writes them."""

import math
from collections.abc import Iterable, Sequence

import pandas as pd

from perbatch.analysis.statistics import Estimate
from perbatch.analysis.sweep import Sweep

UNITS = {
    "epochs": "epochs",
    "updates": "updates",
    "gradient_evaluations": "gradient evaluations",
    "evaluations": "evaluations of the network",
    "seconds": "training seconds",
}
SHOWN_QUANTITIES = ("epochs", "updates", "evaluations", "seconds")
"""The quantities that the page shows; the tables have the gradient evaluations apart too."""

PERCENT = "\u00a0%"  # the space does not break


def number(value: float, digits: int = 3) -> str:
    """Write `value` with that many significant digits, thousands apart, no exponent from 1e-4 up to 1e9."""
    if not math.isfinite(value):
        return "none"
    if abs(value) >= 1e9:
        return f"{value:.{digits}g}"
    if value == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    if decimals > digits + 3:
        return f"{value:.{digits - 1}g}"
    text = f"{round(value, digits - 1 - math.floor(math.log10(abs(value)))):,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def clock_unit(seconds: Iterable[float]) -> tuple[float, str]:
    """Return by what to multiply these seconds, and what they are then: milliseconds if all are below one."""
    known = [value for value in seconds if math.isfinite(value)]
    if known and max(known) < 1:
        return 1000.0, "training milliseconds"
    return 1.0, UNITS["seconds"]


def amounts(quantity: str, *values: float) -> tuple[float, str]:
    """Return by what to multiply amounts of a quantity to write them, and what they are then."""
    return clock_unit(values) if quantity == "seconds" else (1.0, UNITS[quantity])


def listed(words: Sequence[str]) -> str:
    """Write `a`, `a and b`, or `a, b and c`."""
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)


def rate(value: float) -> str:
    """Write a learning rate as it was given."""
    return f"{value:.6g}" if math.isfinite(value) else "none"


def tried_space(sweep: Sweep) -> str:
    """Name what the learning rates were chosen from: the grid, or the interval of a search."""
    return "interval" if sweep.searched else "grid"


def rates_tried(sweep: Sweep) -> str:
    """Say which learning rates were tried, each rate of a grid or the interval of a search."""
    if sweep.searched is None:
        return ", ".join(rate(value) for value in sorted(sweep.runs["learning_rate"].unique()))
    how = sweep.searched
    scale = "logarithmic" if how.log else "linear"
    return f"{how.trials} trials by {how.sampler} from {rate(how.low)} to {rate(how.high)}, {scale}"


def share(value: float) -> str:
    """Write a share as a percentage."""
    return f"{value:.1%}".replace(".0%", "%").replace("%", PERCENT) if math.isfinite(value) else "none"


def score_text(name: str, value: float) -> str:
    """Write an accuracy as a percentage, R^2 as a number."""
    return share(value) if name == "accuracy" else number(value)


def estimate_of(row: pd.Series, name: str) -> Estimate:
    """Return the estimate of a quantity in a row of the comparison."""
    return Estimate.of(row, name, "to_target_kind" if name.endswith("_to_target") else "final_kind")


def interval(estimate: Estimate) -> str:
    """Write `a to b`, `a or more` where it is open above, or nothing where there is no interval."""
    if math.isinf(estimate.high) and math.isfinite(estimate.low):
        return f"{number(estimate.low)} or more"
    if not estimate.has_interval:
        return ""
    return f"{number(estimate.low)} to {number(estimate.high)}"


def interval_with_kind(estimate: Estimate) -> str:
    """Write `95 % t-interval a to b`, or nothing where there is no interval."""
    ends = interval(estimate)
    return f"{interval_kind(estimate)} {ends}" if ends else ""


def interval_kind(estimate: Estimate) -> str:
    """Write `95 % t-interval` or `95 % order-statistic interval`."""
    return f"95 % {'order-statistic ' if 'order-statistic' in estimate.kind else 't-'}interval"


def of_difference(difference: Estimate, scale: float, unit: str = " percentage points") -> str:
    """Write what a paired difference stands on: its interval in `unit`s, of which `scale` make one, and n."""
    ends = f"{number(difference.low * scale, 2)} to {number(difference.high * scale, 2)}{unit}"
    return f"({interval_kind(difference)} of the difference {ends}, paired by seed, n = {difference.n})"


def seeds_reached(row: pd.Series) -> str:
    """Write `2 of 3 seeds`."""
    n = int(row["n"])
    reached = round(row["reached"] * n) if n else 0
    return f"{reached} of {n} seed{'' if n == 1 else 's'}"


def every(batch_size: int, n_train: int) -> str:
    """Write when the update of a batch size comes, to follow `updating`."""
    if batch_size == 1:
        return "after every example"
    if batch_size == n_train:
        return f"once per pass over all {n_train:,} examples"
    return f"after every {batch_size:,} examples"
