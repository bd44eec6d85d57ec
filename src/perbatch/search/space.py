"""What is searched: the cells of a grid, and in each the ranges of what has no end of values."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from perbatch import advice
from perbatch.errors import UserError
from perbatch.runs.identity import IGNORED
from perbatch.sweep import grid

Value = float | int | str
Range = FloatDistribution | IntDistribution | CategoricalDistribution
"""The values of one key: from `low` to `high`, or one of the `choices`, which are texts."""

GROUP = "search"
"""The config group, and the tag of a choice that is searched."""


def rounded(value: Value, within: Range) -> Value:
    """Return the value that is trained: a number with three digits, within its range."""
    if isinstance(within, FloatDistribution):
        return min(max(float(f"{value:.3g}"), within.low), within.high)
    return value


def plain(searched: Range) -> dict[str, Any]:
    """Return a range as plain values."""
    if isinstance(searched, CategoricalDistribution):
        return {"choices": list(searched.choices)}
    return {"low": searched.low, "high": searched.high, "log": searched.log}


@dataclass(frozen=True)
class Cell:
    """The overrides that all trials of a cell share, and what is searched in it."""

    overrides: tuple[str, ...]
    ranges: Mapping[str, Range]

    @property
    def name(self) -> tuple[str, ...]:
        """The overrides that can change a result."""
        keys = ((text, text.lstrip("+~").partition("=")[0]) for text in self.overrides)
        return tuple(text for text, key in keys if key.split(".")[0] not in IGNORED)


@dataclass(frozen=True)
class Space:
    """The cells of a search, and the seeds that the user named, None for none."""

    cells: tuple[Cell, ...]
    seeds: tuple[int, ...] | None

    @property
    def labels(self) -> tuple[str, ...]:
        """What tells each cell from the others: the overrides that not all of them share."""
        shared = set(self.cells[0].name).intersection(*(cell.name for cell in self.cells))
        return tuple(
            " ".join(text for text in cell.name if text not in shared) or "the only cell"
            for cell in self.cells
        )


def space(
    params: Mapping[str, Any],
    arguments: Sequence[str],
    loader: ConfigLoader,
    grids: Sequence[Mapping[str, Any]],
    limit: int,
) -> Space:
    """Part a grid with ranges into cells; arguments as of `sweep.grid.expand`.

    Errors: a UserError where a range is empty, or a cell has nothing to search.
    """
    cells: list[Cell] = []
    seeds: tuple[int, ...] | None = None
    for each in grids or [{}]:
        ranges: dict[str, Range] = {}
        rest: list[str] = []
        for key, override in _by_key({**params, **each}, arguments, loader).items():
            if key == "seed":
                seeds = _seeds(override)
            elif (found := _range(override)) is not None:
                ranges[key] = found
            elif key != GROUP:
                rest.append(str(override.input_line))
        combinations = grid.expand({}, rest, loader, (), limit)
        if not ranges:
            raise UserError(f"there is nothing to search: give a range, as {advice.INTERVAL}")
        cells += [Cell(tuple(combination), ranges) for combination in combinations]
    return Space(tuple(cells), seeds)


def _by_key(params: Mapping[str, Any], arguments: Sequence[str], loader: ConfigLoader) -> dict[str, Override]:
    parser = OverridesParser.create(config_loader=loader)
    lines = [f"{key}={value}" for key, value in params.items()] + list(arguments)
    return {override.get_key_element(): override for override in parser.parse_overrides(lines)}


def _seeds(override: Override) -> tuple[int, ...]:
    values = override.sweep_string_iterator() if override.is_discrete_sweep() else [override.value()]
    try:
        return tuple(dict.fromkeys(int(str(value)) for value in values))
    except (TypeError, ValueError):
        raise UserError(f"{override.input_line}: seeds must be whole numbers, and are not searched") from None


def _range(override: Override) -> Range | None:
    """What an override lets be searched, None where it is an axis or one value."""
    value = override.value()
    tags: set[str] = getattr(value, "tags", set())
    if not isinstance(value, IntervalSweep):
        if GROUP not in tags:
            return None
        choices = tuple(itertools.islice(override.sweep_string_iterator(), 10_000))
        if not choices:
            raise UserError(f"{override.input_line}: has no value to search")
        return CategoricalDistribution(choices)
    low, high, log = value.start, value.end, "log" in tags
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise UserError(
            f"{override.input_line}: its first number must be below its second, as {advice.INTERVAL}"
        )
    if log and low <= 0:
        raise UserError(f"{override.input_line}: a logarithm needs numbers above 0, as {advice.INTERVAL}")
    if isinstance(low, int) and isinstance(high, int):
        return IntDistribution(low, high, log)
    return FloatDistribution(low, high, log)
