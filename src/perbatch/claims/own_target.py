"""A target by rule for each data set and network, so that losses of different ones need not be compared."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from perbatch.analysis.costs import PRICES, last_loss, to_target
from perbatch.analysis.tuning import choose
from perbatch.errors import UserError

SHARE = 0.1
TASK = ["data", "sizes"]
CONTENDER = ["batch_size", "updates_per_batch", "tolerance"]


def target_for_all(constant: float, reached: Iterable[float]) -> float:
    """Return L* + 0.1 (L0 - L*): nine tenths of the way from knowing nothing, L0, to the least good mode, L*.

    `reached` has a loss for each mode. Every mode can get there, so the target favours none. A ValueError
    where a mode did not get below `constant`.
    """
    least = max(reached)
    if not least < constant:
        raise ValueError(f"a mode ends at a loss of {least:.3g}, and the constant answer has {constant:.3g}")
    return least + SHARE * (constant - least)


def to_own_targets(runs: pd.DataFrame, history: pd.DataFrame, tuning_seeds: tuple[int, ...]) -> pd.DataFrame:
    """Return what each run spent up to the target of its data set and network; a row a run, index of `runs`.

    Columns: `target`, and `_to_target` epochs, updates, gradient evaluations and evaluations of the network,
    infinite where it was not reached; and the `constant_loss` that `runs` has. A mode counts with the last
    validation loss, median over the tuning seeds, at the rate where that is lowest.
    """
    prices = pd.DataFrame(np.nan, index=runs.index, columns=list(PRICES))
    parts = []
    for task, alike in runs.groupby(TASK, sort=False):
        tuning = alike[alike["seed"].isin(tuning_seeds)]
        # a group of an empty field would be left out
        keyed = tuning.assign(loss=last_loss(tuning), tolerance=tuning["tolerance"].fillna(-1.0))
        best = choose(keyed, ["loss"], CONTENDER)
        try:
            target = target_for_all(float(alike["constant_loss"].iloc[0]), best["loss"])
        except ValueError as error:
            raise UserError(f"{' and '.join(map(str, task))}: there is no target: {error}") from None
        mine = history[history["identity"].isin(alike["identity"])]
        parts.append(to_target(alike, mine, prices.loc[alike.index], target).assign(target=target))
    found = pd.concat(parts).loc[runs.index].drop(columns="seconds_to_target")
    return found.assign(constant_loss=runs["constant_loss"])
