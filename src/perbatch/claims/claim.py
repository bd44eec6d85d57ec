"""The block `study:` of a study's file, checked: a claim and the conditions by which it is judged."""

import inspect
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import pandas as pd

from perbatch.claims.plan import Plan, check_plan
from perbatch.errors import UserError

EVIDENCE = ("sweep", "redundancy", "equal_updates", "gradients", "own_targets", "benchmark")
CHOSEN_BY = ("target", "validation_loss", "validation_accuracy")


@dataclass(frozen=True)
class Condition:
    """A quantity `of` some runs, in words (`says`), and the bounds that it must lie between.

    `margin`: the smallest difference from the bound worth speaking of, of a ratio a share of it; None where
    there is none. `why`: since or until when the condition counts, and why.
    """

    says: str
    quantity: str
    of: Mapping[str, Any]
    low: float
    high: float
    margin: float | None = None
    why: str = ""

    @property
    def bound(self) -> list[float | None]:
        """The two bounds; None where there is none."""
        return [end if math.isfinite(end) else None for end in (self.low, self.high)]

    @property
    def only_bound(self) -> float | None:
        """The one bound of a condition that has one; else None."""
        found = [end for end in self.bound if end is not None]
        return found[0] if len(found) == 1 else None


@dataclass(frozen=True)
class Claim:
    """A published claim: what is said, who says it, and how the evidence of this study is judged.

    `evidence` is one of EVIDENCE, `chosen_by` (one of CHOSEN_BY) what the tuning seeds choose the rate by,
    `retired` the conditions that counted once, `beside` the quantities that are told without being judged,
    `figure` the name of a figure, `plan` the seeds that judge (None: all but the tuning seeds do),
    `cpu_seconds` what the evidence costs, measured once.
    """

    name: str
    claim: str
    source: str
    evidence: str
    targets: tuple[float, ...]
    tuning_seeds: tuple[int, ...]
    chosen_by: str
    conditions: tuple[Condition, ...]
    beside: tuple[Condition, ...]
    figure: str
    retired: tuple[Condition, ...] = ()
    plan: Plan | None = None
    cpu_seconds: float | None = None

    def tuning(self, runs: pd.DataFrame) -> pd.DataFrame:
        """The runs of the seeds that choose."""
        return runs[runs["seed"].isin(self.tuning_seeds)]

    def reported(self, runs: pd.DataFrame) -> pd.DataFrame:
        """The runs of the other seeds."""
        return runs[~runs["seed"].isin(self.tuning_seeds)]


def check_claim(
    name: str, block: Mapping[str, Any], quantities: Mapping[str, Any], figures: Collection[str]
) -> Claim:
    """Turn the block (plain containers) into a Claim; a UserError names the first bad key.

    `quantities` are those that there are by name, `figures` the names of those that there are.
    """
    _one_of(name, "evidence", block["evidence"], EVIDENCE)
    _one_of(name, "chosen_by", block["chosen_by"], CHOSEN_BY)
    _one_of(name, "figure", block["figure"], figures)
    for key in ("claim", "source"):
        if not block[key].strip():
            _refuse(name, key, "is empty; a study says what is claimed, and where")
    if not block["conditions"]:
        _refuse(name, "conditions", "is empty; without a condition there is nothing to judge by")
    for target in block["targets"]:
        if not math.isfinite(target) or target <= 0:
            _refuse(name, "targets", f"has {target}; a target is a validation loss above 0")
    return Claim(
        name=name,
        claim=block["claim"].strip(),
        source=block["source"].strip(),
        evidence=block["evidence"],
        targets=tuple(map(float, block["targets"])),
        tuning_seeds=tuple(block["tuning_seeds"]),
        chosen_by=block["chosen_by"],
        conditions=_conditions(name, "conditions", block, quantities),
        beside=_conditions(name, "beside", block, quantities),
        figure=block["figure"],
        retired=_conditions(name, "retired", block, quantities),
        cpu_seconds=block["cpu_seconds"],
        plan=check_plan(name, block["plan"], block["conditions"]) if block["plan"] else None,
    )


def _conditions(
    name: str, key: str, block: Mapping[str, Any], quantities: Mapping[str, Any]
) -> tuple[Condition, ...]:
    return tuple(
        _condition(name, f"{key}[{index}]", condition, quantities, judged=key != "beside")
        for index, condition in enumerate(block[key])
    )


def _condition(
    name: str, where: str, block: Mapping[str, Any], quantities: Mapping[str, Any], judged: bool
) -> Condition:
    _one_of(name, f"{where}.quantity", block["quantity"], quantities)
    try:
        inspect.signature(quantities[block["quantity"]]).bind(None, **block["of"])
    except TypeError as error:
        _refuse(name, f"{where}.of", f"does not fit the quantity {block['quantity']}: {error}")
    low = -math.inf if block["low"] is None else float(block["low"])
    high = math.inf if block["high"] is None else float(block["high"])
    margin = block["margin"]
    if judged and (low >= high or (low, high) == (-math.inf, math.inf)):
        _refuse(name, where, "needs a lower bound, an upper bound, or both with the lower below the upper")
    if margin is not None and not 0 < margin < math.inf:
        _refuse(name, f"{where}.margin", f"is {margin}; a difference worth speaking of is above 0")
    says, why = block["says"].strip(), block["why"].strip()
    return Condition(says, block["quantity"], block["of"], low, high, margin, why)


def _one_of(name: str, key: str, value: str, allowed: Collection[str]) -> None:
    if value not in allowed:
        _refuse(name, key, f"is {value}; it must be one of {', '.join(allowed)}")


def _refuse(name: str, key: str, sentence: str) -> NoReturn:
    raise UserError(f"conf/experiment/{name}.yaml: study.{key} {sentence}")
