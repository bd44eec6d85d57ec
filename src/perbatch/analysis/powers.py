"""The seed's aside, 'batch sizes are powers of 2: can you guess why?', put to the benchmark."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

POWERS = (32, 64, 128)
CONTROLS = (40, 48, 96, 100)


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
    times = rows.set_index("batch_size")
    return [
        _dip(times, size, [size - 1, size + 1]) for size in POWERS if _has(times, size - 1, size, size + 1)
    ]


def control_dips(rows: pd.DataFrame) -> list[Dip]:
    """Time at sizes that are no powers of two against P + 1 below and P - 1 above, on a line in 1 / M."""
    times = rows.set_index("batch_size")
    dips = []
    for size in CONTROLS:
        below = [power + 1 for power in POWERS if power < size]
        above = [power - 1 for power in POWERS if power > size]
        if below and above and _has(times, max(below), size, min(above)):
            dips.append(_dip(times, size, [max(below), min(above)]))
    return dips


def _has(times: pd.DataFrame, *sizes: int) -> bool:
    return all(size in times.index for size in sizes)


def _dip(times: pd.DataFrame, size: int, around: list[int]) -> Dip:
    def of(column: str) -> float:
        # Time per example is close to a + b / M: the cost of a call is shared by M examples.
        larger_first = sorted(around, reverse=True)
        values = times.loc[larger_first, column].to_numpy(float)
        return float(np.interp(1 / size, [1 / m for m in larger_first], values))

    return Dip(
        size,
        float(times.loc[size, "gradient_us"]) / of("gradient_us"),
        float(times.loc[size, "gradient_us_low"]) / of("gradient_us_high"),
        float(times.loc[size, "gradient_us_high"]) / of("gradient_us_low"),
    )
