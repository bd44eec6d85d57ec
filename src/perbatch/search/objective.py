"""What a trial is worth: the rule of `analysis.tuning.choose`, on the runs' folders."""

import io
import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from perbatch.analysis import costs, tuning
from perbatch.analysis.sweep import ended_above
from perbatch.runs.folder import RunFolder

UNREACHED = 1e12
"""Above any number of evaluations to a target."""
LOSS = "final validation loss"


def judged(folders: Sequence[RunFolder], targets: Mapping[str, Sequence[float]]) -> pd.DataFrame:
    """Return a row a run: the evaluations to each target, and LOSS, which is `final_loss` of a sweep.

    `targets` are those of each data set. A column is named by its target; where that was not reached it is
    infinite.
    """
    rows = [folder.row() for folder in folders]
    runs = pd.DataFrame(rows).astype({"validation_loss": float})
    unique = {row["identity"]: folder for row, folder in zip(rows, folders, strict=True)}
    parts = [
        pd.read_csv(io.StringIO(each.history())).assign(identity=identity)
        for identity, each in unique.items()
    ]
    history = pd.concat(parts, ignore_index=True)
    unpriced = pd.DataFrame(np.nan, index=runs.index, columns=list(costs.PRICES))
    loss = costs.last_loss(runs)
    found = pd.DataFrame(index=runs.index)
    for target in targets.get(str(rows[0]["data"]), ()):
        reached = costs.to_target(runs, history, unpriced, target)
        found[f"evaluations to {target:g}"] = reached["evaluations_to_target"]
    return found.assign(**{LOSS: loss.where(~ended_above(runs, history), np.inf)})


def rules(runs: pd.DataFrame) -> list[list[str]]:
    """Return by which columns each choice is made: for each target, the first leading, and for the end."""
    return [[column, LOSS] for column in runs if column != LOSS] + [[LOSS]]


def medians(trials: pd.DataFrame) -> pd.DataFrame:
    """Return a row a trial, in their order: `trial`, and the medians over its runs, by which it is judged.

    `trials` is a row a run: `trial`, and what `judged` gives.
    """
    judged = [column for column in trials if column != "trial"]
    each = tuning.choose(trials.assign(one=0), judged, ["trial"], "one")
    return each.sort_values("trial", ignore_index=True).drop(columns="one")


def told(trials: pd.DataFrame) -> list[float]:
    """Return one number a trial, in their order, by the first rule: that is what a sampler can take.

    `trials` as for `medians`. Costs are quarters of evaluations, so the loss,
    brought below an eighth, only parts equals. A trial that diverged is infinite.
    """
    by = rules(trials.drop(columns="trial"))[0]
    return [_number([float(row[column]) for column in by]) for _, row in medians(trials).iterrows()]


def _number(values: Sequence[float]) -> float:
    cost, loss = values if len(values) == 2 else (None, values[0])
    if cost is None or (math.isinf(cost) and math.isinf(loss)):
        return loss
    share = loss / (1 + loss) if math.isfinite(loss) else 1.0
    return cost + share / 8 if math.isfinite(cost) else UNREACHED * (1 + share)
