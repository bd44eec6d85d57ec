"""Which batch size reaches the target at the least cost, of all that were run without repeating.

The best of many is flattered by chance. So the tuning seeds choose it, the others report it, and the sizes
that these cannot tell from it are named.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from perbatch.analysis.contrasts import contrast
from perbatch.analysis.representatives import plain_rows
from perbatch.analysis.results import Results
from perbatch.analysis.tuning import CELL


@dataclass(frozen=True)
class Fastest:
    """The batch size that the tuning seeds chose by `quantity`, and what the reported seeds say of others.

    `row`: its row of the comparison. `alike`: sizes that cannot be told from it; `better`: sizes that needed
    less; `left_out`: sizes without a price.
    """

    quantity: str
    row: pd.Series
    of: int
    alike: tuple[int, ...]
    better: tuple[int, ...]
    left_out: tuple[int, ...]


def fastest(results: Results, quantity: str) -> Fastest | None:
    """Return the batch size with the lowest median of `quantity` to the target over the tuning seeds.

    None where fewer than two sizes can be compared, or none of them reached the target.
    """
    rows, runs = plain_rows(results), results.sweep.usable
    costs = runs[runs["seed"].isin(results.seeds.tuning)].groupby(CELL)[f"{quantity}_to_target"]
    medians = costs.median().fillna(np.inf).where(costs.count() == costs.size())  # nan without a price
    known = rows.join(medians.rename("cost"), on=CELL)["cost"].dropna()
    if len(known) < 2 or not np.isfinite(known).any():
        return None
    best = rows.loc[known.idxmin()]
    verdicts = {
        int(row["batch_size"]): contrast(results, best, row, quantity).verdict
        for place, row in rows.iterrows()
        if place in known.index and place != best.name
    }
    return Fastest(
        quantity,
        best,
        len(known),
        tuple(size for size, verdict in verdicts.items() if not verdict.saved and not verdict.cost),
        tuple(size for size, verdict in verdicts.items() if verdict.cost),
        tuple(int(rows.loc[place, "batch_size"]) for place in rows.index.difference(known.index)),
    )
