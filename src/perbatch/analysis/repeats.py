"""What repeating brings at equal cost: the loss at equal updates and at equal evaluations of the network.

For each budget every setting of n and tolerance runs at its own rate: the one with the lowest median
validation loss at that very budget over the tuning seeds. The loss at a budget is that of the last evaluation
within it, so nobody gets more than the budget.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from perbatch.analysis.columns import columns_of
from perbatch.analysis.contenders import CONTENDER, ONCE, in_order
from perbatch.analysis.costs import evaluations
from perbatch.analysis.results import Results, fact
from perbatch.analysis.statistics import geometric_interval
from perbatch.analysis.sweep import Sweep
from perbatch.analysis.tuning import CELL, choose, split_seeds

AXES = ("updates", "evaluations")
EPOCHS = (1, 3, 10, 30)
RUN = [*CONTENDER, "contender", "way", "learning_rate"]


@fact
def repeats(results: Results) -> pd.DataFrame:
    """Return a row a batch size that was repeated, budget, axis and contender (plain, repeating, controls).

    budget: so many `quantity` (updates or evaluations of the network), as many as `plain_epochs` epochs
    without repeating take. learning_rate: chosen for this budget. validation_loss with _low, _high and kind
    over the n reported seeds. spent: median of what was used; less than the budget where training ended.
    satisfied_when_left and still_satisfied: the shares at the end of the first epoch of those runs, means.
    """
    sweep = results.sweep
    rows = [
        row
        for _, alike in sweep.usable[[*RUN, "seed", "identity", "epochs"]].groupby("batch_size")
        if (alike["way"] != ONCE).any()
        for row in _at_size(sweep, alike)
    ]
    return pd.DataFrame(rows, columns=[*columns_of("repeats.csv"), "contender"])


def _at_size(sweep: Sweep, runs: pd.DataFrame) -> Iterator[dict[str, object]]:
    history = sweep.history_of(runs)
    history = history.assign(evaluations=evaluations(history))
    first = history[history["epoch"] >= 1].groupby("identity").first()
    shares = first[["satisfied_when_left", "still_satisfied"]]
    per_epoch = {"updates": -(-sweep.n_train // int(runs["batch_size"].iloc[0]))}
    per_epoch["evaluations"] = sweep.n_train
    for epochs in [epochs for epochs in EPOCHS if epochs <= runs["epochs"].max()]:
        for axis in AXES:
            budget = epochs * per_epoch[axis]
            at = _at_budget(runs, history, axis, budget)
            for row in _rows(sweep, at, shares):
                yield {"quantity": axis, "plain_epochs": epochs, "budget": budget, **row}


def _at_budget(runs: pd.DataFrame, history: pd.DataFrame, axis: str, budget: int) -> pd.DataFrame:
    """The runs with `loss` (infinite where they had diverged) and `spent` at their last evaluation within."""
    last = history[history[axis] <= budget].groupby("identity").last()
    loss = runs["identity"].map(last["validation_loss"])
    return runs.assign(loss=loss.fillna(np.inf), spent=runs["identity"].map(last[axis]))


def _rows(sweep: Sweep, runs: pd.DataFrame, shares: pd.DataFrame) -> Iterator[dict[str, object]]:
    seeds = split_seeds(sweep)
    chosen = choose(runs[runs["seed"].isin(seeds.tuning)], ["loss"], ["contender"])
    shown = runs[runs["seed"].isin(seeds.reported)].merge(chosen[CELL])
    for _, mine in in_order(shown).groupby("contender", sort=False):
        loss = geometric_interval(mine["loss"])
        yield {
            **mine.iloc[0][RUN],
            "n": len(mine),
            **loss.columns("validation_loss"),
            "kind": loss.kind,
            "spent": float(mine["spent"].median()),
            **shares.reindex(mine["identity"]).mean().to_dict(),
        }
