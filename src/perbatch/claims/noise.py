"""The critical batch size, fitted to what was needed, and the gradient noise scale that should predict it."""

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar

from perbatch.analysis.statistics import geometric_interval, paired_ratio
from perbatch.claims.evidence import Evidence
from perbatch.claims.reading import Reading, estimated
from perbatch.claims.selection import at_chosen_rate, contender
from perbatch.claims.to_target import to_target_by_size


def noise_over_critical(evidence: Evidence, target: float, batch_size: int) -> Reading:
    """Noise scale along the tuned run of `batch_size` over the critical batch size, both up to `target`."""
    table, reservations = to_target_by_size(evidence, "updates", target)
    scale, reservation = _scale(evidence, target, batch_size)
    return estimated(paired_ratio(scale, _fits(table)), *reservations, reservation)


def critical_batch_size(evidence: Evidence, target: float) -> Reading:
    """B_crit of the fit updates = S_min (1 + B_crit / M) over all batch sizes, for each reported seed."""
    table, reservations = to_target_by_size(evidence, "updates", target)
    return estimated(geometric_interval(_fits(table)), *reservations)


def noise_scale(evidence: Evidence, target: float, batch_size: int) -> Reading:
    """Sum of tr(Sigma) over sum of |mean gradient|^2 along the tuned run of `batch_size`, up to `target`."""
    scale, reservation = _scale(evidence, target, batch_size)
    return estimated(geometric_interval(scale), reservation)


def noise_growth(evidence: Evidence, target: float, over: float, batch_size: int) -> Reading:
    """The noise scale up to one target over that up to another, paired by seed."""
    (tight, first), (loose, second) = (_scale(evidence, each, batch_size) for each in (target, over))
    return estimated(paired_ratio(tight, loose), first, second)


def _scale(evidence: Evidence, target: float, batch_size: int) -> tuple[pd.Series, str]:
    chosen = at_chosen_rate(evidence, contender(evidence, {"batch_size": batch_size}), target)
    scale = chosen.runs[f"variance_to_{target:g}"] / chosen.runs[f"squared_gradient_to_{target:g}"]
    return scale, chosen.reservation


def _fits(table: pd.DataFrame) -> pd.Series:
    """B_crit for each row of updates by batch size, least squares on logarithms; nan where one is missing."""
    sizes = np.array(table.columns, float)
    return table.apply(lambda updates: _fit(sizes, updates.to_numpy(float)), axis=1)


def _fit(sizes: np.ndarray, updates: np.ndarray) -> float:
    if not np.isfinite(updates).all():
        return np.nan

    def loss(log_critical: float) -> float:
        rest = np.log(updates) - np.log1p(np.exp(log_critical) / sizes)
        return float(np.square(rest - rest.mean()).sum())

    bounds = (np.log(sizes.min()) - 7.0, np.log(sizes.max()) + 7.0)
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))
