"""How many seeds a claim's conditions need, from the spread of a pilot, and which seeds these are."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import yaml
from scipy import stats

from perbatch.analysis.statistics import GEOMETRIC, half_width
from perbatch.claims.claim import Condition
from perbatch.claims.evidence import Evidence
from perbatch.claims.outcomes import no_effect
from perbatch.claims.plan import digest_of, first_seed
from perbatch.claims.quantities import QUANTITIES
from perbatch.claims.reading import Reading

AT_LEAST = 20
"""Seeds from which on the t-interval covers what it should, whatever the pilot's values look like."""

SURE = 0.8
"""How sure the plan is that the spread is no larger than it reckons with: a pilot has few seeds."""


@dataclass(frozen=True)
class Need:
    """What one condition needs: the half-width wanted on the scale of its interval, and the seeds for it."""

    condition: Condition
    pilot: Reading
    spread: float
    half_width: float
    seeds: int


def needs(pilot: Evidence, at_most: int) -> list[Need]:
    """Return what each condition needs, at most so many seeds.

    Wanted is half the margin, so that an effect of nothing is told from one of a margin; where the bound is
    not no effect, half the distance of the pilot's value from the nearest bound, if that is less. The spread
    is the upper end of its one-sided 80 % interval.
    """
    return [_need(pilot, condition, at_most) for condition in pilot.claim.conditions]


def _need(pilot: Evidence, condition: Condition, at_most: int) -> Need:
    reading: Reading = QUANTITIES[condition.quantity](pilot, **condition.of)
    if len(reading.sample) < 2:
        return Need(condition, reading, math.nan, math.nan, min(AT_LEAST, at_most))
    df = len(reading.sample) - 1
    spread = float(np.std(reading.sample, ddof=1) * math.sqrt(df / stats.chi2.ppf(1 - SURE, df)))
    wanted = _wanted(reading, condition)
    enough = (n for n in range(AT_LEAST, at_most) if half_width(spread, n, reading.among) <= wanted)
    return Need(condition, reading, spread, wanted, next(enough, at_most))


def _wanted(reading: Reading, condition: Condition) -> float:
    scale = math.log if reading.kind == GEOMETRIC else float
    margin = math.inf if condition.margin is None else condition.margin
    margin = math.log1p(margin) if reading.kind == GEOMETRIC else margin
    if condition.only_bound == no_effect(reading):
        return margin / 2
    away = [abs(scale(reading.value) - scale(end)) for end in condition.bound if end is not None]
    return min(margin, *away) / 2


def plan_text(pilot: Evidence, block: Mapping[str, Any], at_most: int) -> str:
    """Return the plan of a study's block in words, and the YAML to put into its file."""
    found = needs(pilot, at_most)
    digest = digest_of(block["conditions"])
    first, count = first_seed(digest), max(need.seeds for need in found)
    said = [f"# {pilot.claim.name}: {count} seeds judge, of at most {at_most}"]
    said += [f"#   {_said(need)}" for need in found]
    plan = {"conditions": digest, "seeds": f"range({first},{first + count})", "at_most": at_most}
    return "\n".join([*said, yaml.safe_dump({"study": {"plan": plan}}, sort_keys=False)])


def _said(need: Need) -> str:
    found = f"{need.condition.says}: {need.pilot.value:.4g} in the pilot of {need.pilot.n}"
    if math.isnan(need.spread):
        return f"{found}, without a spread"
    return f"{found}, spread at most {need.spread:.3g}, half-width {need.half_width:.3g}: {need.seeds} seeds"
