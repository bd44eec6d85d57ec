"""The seed's aside, 'batch sizes are powers of 2: can you guess why?', put to the benchmark."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

POWERS = {size: (size - 1, size + 1) for size in (32, 64, 128)}
CONTROLS = {40: (33, 63), 48: (33, 63), 96: (65, 127), 100: (65, 127)}
"""Sizes that are powers of two and sizes that are none, each with the two that it is held against."""


@dataclass(frozen=True)
class Dip:
    """Time per example at `size` relative to its reference (1 = the same), with the quartiles' range."""

    size: int
    ratio: float
    low: float
    high: float

    @property
    def shown(self) -> bool:
        """Whether even the quartiles say less time."""
        return self.high < 1


def power_dips(rows: pd.DataFrame) -> list[Dip]:
    """Time at P against the mean of P - 1 and P + 1, for each P of POWERS that was measured so."""
    return _dips(rows, POWERS)


def control_dips(rows: pd.DataFrame) -> list[Dip]:
    """Time at sizes that are no powers of two against P + 1 below and P - 1 above, on a line in 1 / M."""
    return _dips(rows, CONTROLS)


def _dips(rows: pd.DataFrame, sizes: Mapping[int, tuple[int, int]]) -> list[Dip]:
    """Those of the sizes that were measured, with the two beside them."""
    times = rows.set_index("batch_size")
    return [_dip(times, size, *ends) for size, ends in sizes.items() if {size, *ends} <= set(times.index)]


def _dip(times: pd.DataFrame, size: int, below: int, above: int) -> Dip:
    def of(column: str) -> float:
        # Time per example is close to a + b / M: the cost of a call is shared by M examples.
        values = times.loc[[above, below], column].to_numpy(float)
        return float(np.interp(1 / size, [1 / above, 1 / below], values))

    return Dip(
        size,
        float(times.loc[size, "gradient_us"]) / of("gradient_us"),
        float(times.loc[size, "gradient_us_low"]) / of("gradient_us_high"),
        float(times.loc[size, "gradient_us_high"]) / of("gradient_us_low"),
    )
