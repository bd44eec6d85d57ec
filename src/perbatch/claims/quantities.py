"""The quantities that a condition may name. Each takes the evidence and what stands under `of`."""

from collections.abc import Callable

from perbatch.claims import columns, elsewhere, noise, powers, scores, to_target
from perbatch.claims.reading import Reading

QUANTITIES: dict[str, Callable[..., Reading]] = {
    "slope": to_target.slope,
    "ratio": to_target.ratio,
    "rate": to_target.rate,
    "rate_ratio": to_target.rate_ratio,
    "difference": scores.difference,
    "largest_difference": scores.largest_difference,
    "octaves": scores.octaves,
    "mean": columns.mean,
    "column_ratio": columns.column_ratio,
    "paired_ratio": columns.contender_ratio,
    "column_slope": columns.column_slope,
    "largest": columns.largest,
    "farthest": columns.farthest,
    "noise_over_critical": noise.noise_over_critical,
    "noise_growth": noise.noise_growth,
    "noise_scale": noise.noise_scale,
    "critical_batch_size": noise.critical_batch_size,
    "power_ratio": powers.power_ratio,
    "power_over_controls": powers.power_over_controls,
    "largest_ratio": elsewhere.largest_ratio,
    "smallest_ratio": elsewhere.smallest_ratio,
    "gain_of_copies": elsewhere.gain_of_copies,
}
