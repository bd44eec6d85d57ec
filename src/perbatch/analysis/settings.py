"""The block `evaluate` of params.yaml, checked."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from perbatch.errors import UserError

KEYS = ("target", "tuning_seeds", "mini_batch")


@dataclass(frozen=True)
class EvaluateSettings:
    """What evaluation needs to know beforehand, so that no result can choose it."""

    target: Mapping[str, tuple[float, ...]]
    tuning_seeds: tuple[int, ...]
    mini_batch: int

    def targets_of(self, data: str) -> tuple[float, ...]:
        """Return the validation losses that count as satisfactory on `data`; UserError if none is set.

        The answers speak of the first.
        """
        if data not in self.target:
            known = ", ".join(self.target)
            raise UserError(
                f"params.yaml: evaluate.target has no value for the data set {data!r}; it has "
                f"{known}: add one"
            )
        return self.target[data]


def check_settings(block: object) -> EvaluateSettings:
    """Turn the block `evaluate` (plain containers) into settings; UserError names the first bad key."""
    if not isinstance(block, Mapping):
        raise UserError(f"params.yaml: evaluate is {block!r}; it must be a block with {', '.join(KEYS)}")
    for key in KEYS:
        if key not in block:
            raise UserError(f"params.yaml: evaluate.{key} is missing; evaluate needs {', '.join(KEYS)}")
    for key in block:
        if key not in KEYS:
            raise UserError(f"params.yaml: evaluate.{key} is not known; evaluate has {', '.join(KEYS)}")
    return EvaluateSettings(
        target=_targets(block["target"]),
        tuning_seeds=_seeds(block["tuning_seeds"]),
        mini_batch=_whole("mini_batch", block["mini_batch"], at_least=2),
    )


def _targets(value: object) -> dict[str, tuple[float, ...]]:
    if not isinstance(value, Mapping) or not value:
        raise UserError(
            f"params.yaml: evaluate.target is {value!r}; it must map data sets to lists of validation losses"
        )
    return {str(name): _losses(f"target.{name}", losses) for name, losses in value.items()}


def _losses(key: str, value: object) -> tuple[float, ...]:
    if not isinstance(value, list | tuple) or not value:
        raise UserError(
            f"params.yaml: evaluate.{key} is {value!r}; it must be a list of validation losses, "
            "the one that the answers speak of first"
        )
    losses = tuple(_positive(key, loss) for loss in value)
    if len(set(losses)) < len(losses):
        raise UserError(f"params.yaml: evaluate.{key} is {value!r}; it must not name a loss twice")
    return losses


def _positive(key: str, value: object) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or value <= 0:  # type: ignore[arg-type,operator]
        raise UserError(f"params.yaml: evaluate.{key} has {value!r}; each must be a number above 0")
    return float(value)  # type: ignore[arg-type]


def _seeds(value: object) -> tuple[int, ...]:
    if not isinstance(value, list | tuple) or not value:
        raise UserError(
            f"params.yaml: evaluate.tuning_seeds is {value!r}; it must be a list of at least one seed"
        )
    return tuple(_whole("tuning_seeds", seed, at_least=0) for seed in value)


def _whole(key: str, value: object, at_least: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < at_least:
        raise UserError(
            f"params.yaml: evaluate.{key} has {value!r}; it must hold integers of at least {at_least}"
        )
    return value
