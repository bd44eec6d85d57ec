"""Cells: what the seeds of one mode, batch size and learning rate say together, for MLflow's pages."""

import numpy as np
import pandas as pd

from perbatch.analysis.costs import QUANTITIES
from perbatch.analysis.statistics import Estimate, geometric_interval, mean_interval, share_interval
from perbatch.analysis.sweep import Sweep
from perbatch.analysis.tuning import CELL, split_seeds


def cell_rows(sweep: Sweep) -> list[dict[str, object]]:
    """Return a row for each cell and kind of seeds, `reported` or `tuning`; where they are the same, once.

    Names are MLflow's: texts are `cell`, its name, `seeds`, `mode` and the kinds of the estimates; numbers
    are `config/` (swept) and `cell/` (over the seeds, each with the ends of its interval), by the names of
    comparison.csv. The target is the sweep's.
    """
    seeds = split_seeds(sweep)
    kinds = {"reported": seeds.reported} | ({"tuning": seeds.tuning} if seeds.apart else {})
    return [
        _row(sweep, runs, kind)
        for kind, mine in kinds.items()
        for _, runs in sweep.usable[sweep.usable["seed"].isin(mine)].groupby(CELL, sort=False)
    ]


def cell_name(run: pd.Series) -> str:
    """Return the name of the cell of a run of `Sweep.runs`: `M0032 lr0.1`, behind it what else was swept."""
    return " ".join(filter(None, [str(run["cell"]), run["variant"]]))


def _row(sweep: Sweep, runs: pd.DataFrame, seeds: str) -> dict[str, object]:
    first, reached = runs.iloc[0], int(np.isfinite(runs["epochs_to_target"]).sum())
    score = f"validation_{sweep.score}"
    found: dict[str, Estimate] = {
        "validation_loss": mean_interval(runs["final_loss"]),
        score: mean_interval(runs[score].where(~runs["lost"]), worst=-np.inf),
        "reached": share_interval(reached, len(runs)),
        **{f"{name}_to_target": geometric_interval(runs[f"{name}_to_target"]) for name in QUANTITIES},
    }
    numbers = {"target": sweep.target, "n": len(runs), "lost": int(runs["lost"].sum())}
    for name, estimate in found.items():
        numbers |= estimate.columns(name)
    return {
        "cell": cell_name(first),
        "seeds": seeds,
        "mode": str(first["mode"]),
        "final_kind": found["validation_loss"].kind,
        "to_target_kind": found["epochs_to_target"].kind,
        "config/batch_size": int(first["batch_size"]),
        "config/learning_rate": float(first["learning_rate"]),
        **{f"cell/{name}": value for name, value in numbers.items()},
    }
