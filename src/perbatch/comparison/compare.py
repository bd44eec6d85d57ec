"""The comparison table: a row a contender, at its chosen rate, over the reported seeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from perbatch.comparison.choice import Seeds, reported_runs, split_seeds
from perbatch.comparison.labels import CONTENDER
from perbatch.comparison.statistics import Estimate, geometric_interval, mean_interval
from perbatch.comparison.study import Study
from perbatch.comparison.targets import QUANTITIES
from perbatch.errors import UserError


@dataclass(frozen=True)
class Findings:
    """What tables, figures and sentences are made from.

    `choices`: a row a contender (see `choose_rates`); `reported`: the runs shown, with test_loss and
    test_accuracy or test_r2; `comparison`: the table of results, in the order of `choices`; `data`: what the
    prepared data say of themselves (title, origin, licence, sizes, settings), empty where that is not known.
    """

    study: Study
    seeds: Seeds
    choices: pd.DataFrame
    reported: pd.DataFrame
    comparison: pd.DataFrame
    data: Mapping[str, Any]


def compare(
    study: Study, choices: pd.DataFrame, tested: pd.DataFrame, data: Mapping[str, Any] | None = None
) -> Findings:
    """Aggregate the reported seeds. `tested` has identity and the test metrics of all reported runs.

    `data` is the summary of the prepared data.
    """
    reported = _with_test_metrics(reported_runs(study, choices), tested, study.score)
    rows = [_row(study, choice, reported) for _, choice in choices.iterrows()]
    return Findings(study, split_seeds(study), choices, reported, pd.DataFrame(rows), data or {})


def estimates(reported: pd.DataFrame, score: str) -> dict[str, Estimate]:
    """Return the estimate of every quantity over one contender's reported runs, by column name.

    Counts: geometric mean. Losses and scores: mean; a diverged run counts as the worst value.
    """
    result = {f"{q}_to_target": geometric_interval(reported[f"{q}_to_target"]) for q in QUANTITIES}
    result[f"test_{score}"] = mean_interval(reported[f"test_{score}"], worst=-np.inf)
    result["test_loss"] = mean_interval(reported["test_loss"])
    result["validation_loss"] = mean_interval(reported["final_loss"])
    return result


def _with_test_metrics(reported: pd.DataFrame, tested: pd.DataFrame, score: str) -> pd.DataFrame:
    wanted = [f"test_{score}", "test_loss"]
    absent = set(reported["identity"]) - set(tested["identity"])
    if absent:
        raise UserError(f"the run {min(absent)} has no test metrics: its weights are not in results/train")
    values = tested.set_index("identity")[wanted].astype(float)
    survived = reported["status"] == "finished"
    return reported.assign(
        **{name: reported["identity"].map(values[name]).where(survived) for name in wanted}
    )


def _row(study: Study, choice: pd.Series, reported: pd.DataFrame) -> dict[str, object]:
    mine = reported[reported["contender"] == choice["contender"]]
    everything = study.runs[study.runs["contender"] == choice["contender"]]
    reached = np.isfinite(mine["epochs_to_target"]).mean() if len(mine) else np.nan
    row: dict[str, object] = {key: choice[key] for key in CONTENDER}
    row["contender"] = choice["contender"]
    row["learning_rate"] = choice["learning_rate"]
    row["learning_rate_over_batch_size"] = choice["learning_rate"] / choice["batch_size"]
    row["rate_at_edge"] = choice["rate_at_edge"]
    row["rates_tried"] = choice["rates_tried"]
    row["n"] = len(mine)
    row["reached"] = reached
    for name, estimate in estimates(mine, study.score).items():
        row |= {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
        if name in ("epochs_to_target", "validation_loss"):  # all counts, and all final values, are alike
            row["to_target_kind" if name == "epochs_to_target" else "final_kind"] = estimate.kind
    row["runs"] = len(everything)
    row["diverged"] = int((everything["status"] == "diverged").sum())
    row["failed"] = int((everything["status"] == "failed").sum())
    return row
