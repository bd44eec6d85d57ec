"""The settings of one data set (an option of `conf/data/`), checked, and their digest."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from perbatch import checks
from perbatch.errors import UserError

PARTS = ("train", "validation", "test")
SCALINGS = ("standard", "range", "none")
UNSET = "???"
"""How YAML says that a value is the user's to give."""

_LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True)
class Split:
    """How many examples each part gets, and the seed of the draw."""

    train: int
    validation: int
    test: int
    seed: int

    @property
    def sizes(self) -> dict[str, int]:
        """Examples per part, in the order of `PARTS`."""
        return {part: getattr(self, part) for part in PARTS}


@dataclass(frozen=True)
class Settings:
    """What of a data set's settings the preparation itself reads; the reader's own are the reader's."""

    name: str
    split: Split
    scaling: str
    copies: int
    sorted: bool


def training_examples(settings: Mapping[str, Any]) -> int:
    """How many examples the training part has: its share of the source, `copies` times over."""
    return int(settings["split"]["train"]) * int(settings.get("copies", 1))


def check_settings(settings: Mapping[str, Any], examples: int | None = None) -> Settings:
    """The typed settings; a UserError names the key, the value and what is allowed.

    `examples` is how many the source has, where that is known: a size that is not set yet depends on it.
    """
    _check_keys("data", settings, ("name", "reader", "split", "scaling"), optional=("copies", "sorted"))
    name, split, scaling = settings["name"], settings["split"], settings["scaling"]
    if not isinstance(name, str) or not re.fullmatch(r"\w[\w.-]*", name, re.ASCII):
        raise UserError(
            f"data.name is {name!r}; allowed are letters, digits, '_', '-' and '.', not first a '.'"
        )
    if not isinstance(settings["reader"], Mapping):
        raise UserError(f"data.reader is {settings['reader']!r}; a mapping with the key _target_ is needed")
    if scaling not in SCALINGS:
        raise UserError(f"data.scaling is {scaling!r}; allowed are {', '.join(SCALINGS)}")
    _check_keys("data.split", split, (*PARTS, "seed"))
    if unset := [f"data.split.{part}" for part in PARTS if split[part] == UNSET]:
        there = f"{examples} examples" if examples else "the examples"
        verb = "is" if len(unset) == 1 else "are"
        raise UserError(f"{', '.join(unset)} {verb} not set; {there} are shared out to {', '.join(PARTS)}")
    sizes = {part: _integer(f"data.split.{part}", split[part], 1) for part in PARTS}
    seed = _integer("data.split.seed", split["seed"], 0, _LARGEST_SEED)
    copies = _integer("data.copies", settings.get("copies", 1), 1)
    in_order = settings.get("sorted", False)
    if not isinstance(in_order, bool):
        raise UserError(f"data.sorted is {in_order!r}; allowed are true and false")
    return Settings(name, Split(**sizes, seed=seed), scaling, copies, in_order)


def settings_digest(settings: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of the settings as JSON with sorted keys: the order of keys does not matter."""
    return json_digest(settings)


def json_digest(content: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of plain dicts, lists, strings and numbers as compact JSON with sorted keys."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _check_keys(where: str, given: object, needed: tuple[str, ...], optional: tuple[str, ...] = ()) -> None:
    if not isinstance(given, Mapping):
        raise UserError(f"{where} is {given!r}; a mapping with the keys {', '.join(needed)} is needed")
    allowed = (*needed, *optional)
    for key in given:
        if key not in allowed:
            raise UserError(f"{where}.{key} is not a setting of a data set; allowed are {', '.join(allowed)}")
    for key in needed:
        if key not in given:
            raise UserError(f"{where}.{key} is missing; needed are {', '.join(needed)}")


def _integer(key: str, value: object, least: int, most: float = math.inf) -> int:
    if not checks.whole(value, least, most):
        allowed = f"of at least {least}" if most == math.inf else f"from {least} to {most}"
        raise UserError(f"{key} is {value!r}; allowed is an integer {allowed}")
    return value
