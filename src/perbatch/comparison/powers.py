"""The seed's aside, 'batch sizes are powers of 2: can you guess why?', put to the benchmark."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from perbatch.comparison.wording import number

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


def powers_sentence(rows: pd.DataFrame) -> str:
    """Say whether powers of two were faster than their neighbours, and whether only they were."""
    dips, controls = power_dips(rows), control_dips(rows)
    if not dips:
        return "The benchmark has no power of two together with both its neighbours, so it cannot say."
    values = ", ".join(f"{_change(dip)} at {dip.size}" for dip in dips)
    faster = [dip for dip in dips if dip.shown]
    if not faster:
        return (
            "Powers of two are not special here: against the mean of the sizes one below and "
            "one above, time per "
            f"example is {values}; no gain exceeds the spread of the repeats."
        )
    share = "all" if len(faster) == len(dips) else f"{len(faster)} of {len(dips)}"
    text = (
        f"Here {share} of the powers of two tried take less time per example than the mean of "
        f"the sizes one below "
        f"and one above, by more than the spread of the repeats: {values}."
    )
    like = [dip for dip in controls if dip.shown]
    if like:
        names = ", ".join(f"{dip.size} ({_change(dip)})" for dip in like)
        return (
            text
            + f" So do sizes that are no powers of two: {names}. So being a power of two is not what helps."
        )
    return text + (" Sizes between that are no powers of two do not." if controls else "")


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


def _change(dip: Dip) -> str:
    percent = number(abs(1 - dip.ratio) * 100, 2)
    return "unchanged" if percent == "0" else f"{percent} % {'less' if dip.ratio < 1 else 'more'}"
