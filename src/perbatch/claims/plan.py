"""Which seeds judge a claim: how many is planned from a pilot, which ones comes from the conditions.

The pilot's seeds have been seen, so they judge nothing. The first seed that judges is drawn from the digest
of the conditions: who changes a bound once results are there gets other seeds.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from perbatch.advice import plan_anew
from perbatch.errors import UserError
from perbatch.files import json_digest

JUDGES = ("quantity", "of", "low", "high", "margin")
"""The keys of a condition that decide what becomes of it; the others are words."""

FIRST = 1_000
"""Below it lie the seeds that people choose by hand."""


@dataclass(frozen=True)
class Plan:
    """The seeds that judge, and the largest number of them that was allowed."""

    seeds: range
    at_most: int

    @property
    def full(self) -> bool:
        """Whether more seeds were not allowed."""
        return len(self.seeds) == self.at_most


def digest_of(conditions: Iterable[Mapping[str, Any]]) -> str:
    """Return the digest of what the conditions (plain containers) ask, in whatever words."""
    asked = [{key: condition[key] for key in JUDGES} for condition in conditions]
    return f"sha256:{json_digest(asked)[:8]}"


def first_seed(digest: str) -> int:
    """Return the first seed that judges."""
    return FIRST + int(digest.removeprefix("sha256:")[:4], 16)


def check_plan(name: str, block: Mapping[str, Any], conditions: Iterable[Mapping[str, Any]]) -> Plan:
    """Return the plan of a study's block; a UserError where it is not the plan of these conditions."""
    where = f"conf/experiment/{name}.yaml: study.plan"
    digest = digest_of(conditions)
    if block["conditions"] != digest:
        raise UserError(
            f"{where}.conditions is {block['conditions']}, but the conditions have the digest {digest}: they "
            f"were changed after the plan was made; {plan_anew(name)}"
        )
    ends = re.fullmatch(r"range\((\d+),\s*(\d+)\)", block["seeds"].strip())
    if ends is None:
        raise UserError(f"{where}.seeds is {block['seeds']}; it must be range(FIRST,END)")
    seeds = range(int(ends[1]), int(ends[2]))
    if seeds.start != first_seed(digest) or not 2 <= len(seeds) <= block["at_most"]:
        raise UserError(
            f"{where}.seeds is {block['seeds']}; it must begin at {first_seed(digest)}, which the conditions "
            f"give, and have 2 to at_most ({block['at_most']}) seeds"
        )
    return Plan(seeds, block["at_most"])
