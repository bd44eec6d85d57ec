"""From sweep axes to combinations, in Hydra's own grammar and in its basic sweeper's order."""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser

from perbatch import checks
from perbatch.advice import max_combinations
from perbatch.errors import UserError


def expand(
    params: Mapping[str, Any],
    arguments: list[str],
    loader: ConfigLoader,
    grids: Sequence[Mapping[str, Any]] = (),
    limit: int = 100_000,
) -> list[list[str]]:
    """Return the overrides of each combination; an argument replaces the param of the same key.

    Each of `grids` is a product of its own on top of `params`, and the result is their union. The last axis
    varies fastest. Errors: a UserError for grids that are none, a continuous interval, no combination at
    all and more of them than `limit`, Hydra's own for bad grammar.
    """
    if not isinstance(grids, Sequence) or not all(isinstance(grid, Mapping) for grid in grids):
        raise UserError(f"hydra.sweeper.grids={grids}: must be a list of mappings of keys to values")
    if not checks.whole(limit, 0):
        raise UserError(f"hydra.sweeper.max_combinations={limit}: must be a whole number")
    products = [_axes({**params, **grid}, arguments, loader) for grid in grids or [{}]]
    count = sum(math.prod(map(len, axes)) for axes in products)
    if count == 0:
        raise UserError("the grid has no combination: one of its ranges or choices has no value")
    if count > limit:
        raise UserError(
            f"the grid has {count:,} combinations, above the limit of {limit:,}; "
            f"make it smaller, or allow it with {max_combinations(count)}"
        )
    return [list(combination) for axes in products for combination in itertools.product(*axes)]


def _axes(params: Mapping[str, Any], arguments: list[str], loader: ConfigLoader) -> list[list[str]]:
    parser = OverridesParser.create(config_loader=loader)
    axes: dict[str, list[str]] = {}
    for override in parser.parse_overrides([f"{key}={value}" for key, value in params.items()] + arguments):
        key = override.get_key_element()
        if not override.is_sweep_override():
            given = "=" in (override.input_line or "")
            axes[key] = [f"{key}={override.get_value_element_as_str()}" if given else key]
        elif override.is_discrete_sweep():
            axes[key] = [f"{key}={value}" for value in override.sweep_string_iterator()]
        else:
            raise UserError(
                f"{override.input_line}: must be a choice or a range; an interval has no end of values"
            )
    return list(axes.values())
