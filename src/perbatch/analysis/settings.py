"""The block `evaluate` of params.yaml, checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from perbatch import advice, checks
from perbatch.errors import UserError

KEYS = ("target", "tuning_seeds", "mini_batch")


@dataclass(frozen=True)
class EvaluateSettings:
    """What evaluation needs to know beforehand, so that no result can choose it."""

    target: Mapping[str, tuple[float, ...]]
    tuning_seeds: tuple[int, ...]
    mini_batch: int

    def targets_of(self, data: str, start: float) -> tuple[float, ...]:
        """Return the validation losses that count as satisfactory on `data`; runs start at a loss of `start`.

        The answers speak of the first. UserError if none is set, or one is met before any training.
        """
        begin = f"runs start at a validation loss of {start:.3g}"
        if data not in self.target:
            advised = advice.target(data, start / 2)
            _refuse(
                "target", f"has no value for the data set {data!r}; {begin}: add one below it, as {advised}"
            )
        for target in self.target[data]:
            if start <= target:
                _refuse(f"target.{data}", f"has {target:g}, but {begin}: a target must lie below it")
        return self.target[data]


def check_settings(block: object) -> EvaluateSettings:
    """Turn the block `evaluate` (plain containers) into settings; UserError names the first bad key."""
    keys = ", ".join(KEYS)
    if not isinstance(block, Mapping):
        raise UserError(f"params.yaml: evaluate is {block!r}; it must be a block with {keys}")
    for key in KEYS:
        if key not in block:
            _refuse(key, f"is missing; evaluate needs {keys}")
    for key in block:
        if key not in KEYS:
            _refuse(key, f"is not known; evaluate has {keys}")
    target, seeds = block["target"], block["tuning_seeds"]
    if not isinstance(target, Mapping) or not target:
        _refuse("target", f"is {target!r}; it must map data sets to lists of validation losses")
    if not checks.filled(seeds):
        _refuse("tuning_seeds", f"is {seeds!r}; it must be a list of at least one seed")
    return EvaluateSettings(
        target={str(name): _losses(f"target.{name}", losses) for name, losses in target.items()},
        tuning_seeds=tuple(_whole("tuning_seeds", seed, 0) for seed in seeds),
        mini_batch=_whole("mini_batch", block["mini_batch"], 2),
    )


def _losses(key: str, value: object) -> tuple[float, ...]:
    if not checks.filled(value):
        _refuse(
            key,
            f"is {value!r}; it must be a list of validation losses, the one that the answers speak of first",
        )
    for loss in value:
        if not checks.above(loss, 0):
            _refuse(key, f"has {loss!r}; each must be a number above 0")
    if len(set(value)) < len(value):
        _refuse(key, f"is {value!r}; it must not name a loss twice")
    return tuple(map(float, value))


def _whole(key: str, value: object, least: int) -> int:
    if not checks.whole(value, least):
        _refuse(key, f"has {value!r}; it must hold integers of at least {least}")
    return value


def _refuse(key: str, sentence: str) -> NoReturn:
    raise UserError(f"params.yaml: evaluate.{key} {sentence}")
