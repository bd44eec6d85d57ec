"""The benchmark's word on powers of two: time per example against the sizes beside them."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from perbatch.analysis.powers import Dip, control_dips, power_dips
from perbatch.claims.evidence import Evidence
from perbatch.claims.reading import Reading
from perbatch.claims.selection import select
from perbatch.errors import UserError

KIND = "the least favourable size, with the quartiles of the repeats"


def power_ratio(evidence: Evidence, of: Mapping[str, Any]) -> Reading:
    """Time per example at a power of two over the mean of its two neighbours: the largest such ratio."""
    worst = max(_dips(evidence, of)[0], key=lambda dip: dip.ratio)
    return Reading(worst.ratio, worst.low, worst.high, len(_dips(evidence, of)[0]), KIND)


def power_over_controls(evidence: Evidence, of: Mapping[str, Any]) -> Reading:
    """The largest such ratio of a power of two over the smallest of sizes between that are none."""
    powers, controls = _dips(evidence, of)
    worst, best = max(powers, key=lambda dip: dip.ratio), min(controls, key=lambda dip: dip.ratio)
    return Reading(
        worst.ratio / best.ratio,
        worst.low / best.high,
        worst.high / best.low,
        len(powers) + len(controls),
        KIND,
    )


def benchmark_rows(evidence: Evidence, of: Mapping[str, Any]) -> pd.DataFrame:
    """Return the measured rows of one engine and precision, the whole batch at once, by size."""
    return select(evidence, {**of, "micro_batch_size": None}).sort_values("batch_size")


def _dips(evidence: Evidence, of: Mapping[str, Any]) -> tuple[list[Dip], list[Dip]]:
    rows = benchmark_rows(evidence, of)
    powers, controls = power_dips(rows), control_dips(rows)
    if not powers or not controls:
        raise UserError(
            f"{evidence.claim.name}: the benchmark has no power of two with both its neighbours, or no size "
            "between that is none"
        )
    return powers, controls
