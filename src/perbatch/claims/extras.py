"""What two kinds of evidence add to a sweep's runs: comparisons that need whole histories, run by run."""

from collections.abc import Hashable

import numpy as np
import pandas as pd

from perbatch.analysis.tuning import choose

SPENT_BY = ("updates", "presentations", "evaluations")


def between_copies(runs: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """Compare each run on copied data with the run of the same mode, rate and seed on the data once.

    `progress`: the epochs on the data once that reach the training loss after the first epoch here, over
    the number of copies. `path_difference`: the largest difference of the two training losses after equally
    many updates. Both are nan for the runs on the data once, and where a comparison has no meaning.
    """
    once = runs["n_train"].min()
    full = np.where(runs["batch_size"] == runs["n_train"], "full", runs["batch_size"].astype(str))
    keyed = runs.assign(full=full)
    by_run = dict(iter(history.groupby("identity")))
    rows = []
    for run in keyed.itertuples():
        twin = keyed[
            (keyed["n_train"] == once)
            & (keyed["full"] == run.full)
            & (keyed["learning_rate"] == run.learning_rate)
            & (keyed["seed"] == run.seed)
        ]
        if run.n_train == once or twin.empty:
            rows.append((np.nan, np.nan))
            continue
        here, there = by_run[run.identity], by_run[twin.iloc[0]["identity"]]
        rows.append((_epochs_reaching(here, there) * once / run.n_train, _apart(here, there)))
    return pd.DataFrame(rows, index=runs.index, columns=["progress", "path_difference"])


def _epochs_reaching(here: pd.DataFrame, there: pd.DataFrame) -> float:
    """The epoch at which the run `there` first has the training loss that `here` has after its first."""
    after_one = here.loc[here["epoch"] >= 1, "train_loss"]
    if after_one.empty:
        return np.nan
    below = np.flatnonzero(there["train_loss"].to_numpy() <= after_one.iloc[0])
    if not len(below) or below[0] == 0:
        return np.nan
    ends = there.iloc[[below[0] - 1, below[0]]]
    losses = np.log(ends["train_loss"].to_numpy())
    share = (losses[0] - np.log(after_one.iloc[0])) / (losses[0] - losses[1])
    epochs = ends["epoch"].to_numpy()
    return float(epochs[0] + share * (epochs[1] - epochs[0]))


def _apart(here: pd.DataFrame, there: pd.DataFrame) -> float:
    both = here.merge(there, on="updates", suffixes=("_here", "_there"))
    return float((both["train_loss_here"] - both["train_loss_there"]).abs().max())


def at_equal_updates(
    runs: pd.DataFrame, history: pd.DataFrame, tuning_seeds: tuple[int, ...]
) -> pd.DataFrame:
    """Find for each run the validation loss of plain updates once they have spent what the run spent.

    Plain means one update a batch, none skipped, with the same data, order and batch size. Columns
    `plain_at_CLOCK` (the same rate and seed) and `best_plain_at_CLOCK` (the same seed, at the rate whose
    tuning seeds were best at that moment) for each of SPENT_BY; `evaluations` are gradient evaluations and
    the checks' forward evaluations together. nan where plain updates were not trained as long.
    """
    history = history.assign(evaluations=history["gradient_evaluations"] + history["forward_evaluations"])
    by_run = dict(iter(history.groupby("identity")))
    plain = runs[(runs["updates_per_batch"] == 1) & runs["tolerance"].isna()]
    alike = ["data", "shuffle", "batch_size"]
    groups = dict(iter(plain.groupby(alike)))
    none = plain.iloc[:0]
    rows = []
    for run in runs.itertuples():
        mine = groups.get((run.data, run.shuffle, run.batch_size), none)
        spent = by_run[run.identity].iloc[-1]
        rows.append(
            {
                name: value
                for clock in SPENT_BY
                for name, value in _plain_losses(run, mine, by_run, clock, spent[clock], tuning_seeds).items()
            }
        )
    return pd.DataFrame(rows, index=runs.index)


def _plain_losses(
    run: object,
    plain: pd.DataFrame,
    by_run: dict[Hashable, pd.DataFrame],
    clock: str,
    spent: float,
    tuning_seeds: tuple[int, ...],
) -> dict[str, float]:
    plain = plain.assign(loss=[_loss_at(by_run[identity], clock, spent) for identity in plain["identity"]])
    losses = plain.set_index(["learning_rate", "seed"])["loss"]
    tuning = plain[plain["seed"].isin(tuning_seeds) & plain["loss"].notna()]
    best = choose(tuning, ["loss"])["learning_rate"]
    rate, seed = run.learning_rate, run.seed  # type: ignore[attr-defined]
    best_rate = best.iloc[0] if len(best) else np.nan
    return {
        f"plain_at_{clock}": float(losses.get((rate, seed), np.nan)),
        f"best_plain_at_{clock}": float(losses.get((best_rate, seed), np.nan)),
    }


def _loss_at(history: pd.DataFrame, clock: str, spent: float) -> float:
    """The validation loss when `spent` was spent, between two evaluations on logarithms."""
    counts, losses = history[clock].to_numpy(float), history["validation_loss"].to_numpy(float)
    if spent > counts[-1] or not np.isfinite(losses).all():
        return np.nan
    return float(np.exp(np.interp(spent, counts, np.log(losses))))
