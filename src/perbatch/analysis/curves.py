"""Small tables for plots: loss curves at the chosen rates, and final loss against rate."""

import numpy as np
import pandas as pd

from perbatch.analysis.contenders import CONTENDER
from perbatch.analysis.results import Results, fact
from perbatch.analysis.stable_rates import rate_outcomes
from perbatch.analysis.sweep import Sweep

AXES = ["epoch", "updates", "gradient_evaluations", "satisfied_when_left", "still_satisfied", "own_metric"]


@fact
def loss_curves(results: Results) -> pd.DataFrame:
    """Return the median, lowest and highest validation loss of the reported seeds at each evaluation.

    A row a contender and number of presentations, at the chosen rate. A diverged seed stays in, as infinite;
    a curve ends where its first other seed ends, so that every point speaks for the same seeds. The other
    axes are medians over the seeds.
    """
    parts = [_curve(results, choice, results.runs_of(choice)) for _, choice in results.choices.iterrows()]
    return pd.concat(parts, ignore_index=True)


def rate_curves(results: Results) -> pd.DataFrame:
    """Return final validation loss (median over all seeds) and diverged runs at every rate of a contender."""
    outcomes = rate_outcomes(results.sweep)
    ordered = results.choices[[*CONTENDER, "contender"]].merge(outcomes, on="contender", how="left")
    return ordered.assign(validation_loss=ordered["validation_loss"].replace(np.inf, np.nan))


def loss_table(sweep: Sweep, runs: pd.DataFrame) -> pd.DataFrame:
    """Return the validation losses of `runs` at their common evaluations: presentations by identity.

    A diverged run stays in, as infinite; the table ends where the first other run ends.
    """
    losses = sweep.history_of(runs).pivot(index="presentations", columns="identity", values="validation_loss")
    diverged = runs.loc[runs["status"] == "diverged", "identity"]
    for identity in losses.columns.intersection(diverged):
        end = losses[identity].last_valid_index()
        losses.loc[losses.index > (-1 if end is None else end), identity] = np.inf
    return losses.dropna()


def _curve(results: Results, choice: pd.Series, runs: pd.DataFrame) -> pd.DataFrame:
    losses = loss_table(results.sweep, runs)
    axes = results.sweep.history_of(runs).groupby("presentations")[AXES].median().reindex(losses.index)
    curve = pd.DataFrame(
        {
            **{key: choice[key] for key in [*CONTENDER, "contender", "learning_rate"]},
            "presentations": losses.index,
            **{name: axes[name].to_numpy() for name in AXES},
            "validation_loss": losses.median(axis=1).to_numpy(),
            "validation_loss_lowest": losses.min(axis=1).to_numpy(),
            "validation_loss_highest": losses.max(axis=1).to_numpy(),
            "seeds": losses.shape[1],
        }
    )
    return curve.replace([np.inf, -np.inf], np.nan)
