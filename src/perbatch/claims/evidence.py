"""A study's evidence: a row a run with what the conditions need, made from the tables of its sweep."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from perbatch.advice import repro, study
from perbatch.claims.claim import Claim
from perbatch.claims.extras import at_equal_updates, between_copies
from perbatch.claims.own_target import to_own_targets
from perbatch.columns import AXES, COUNTS
from perbatch.errors import UserError
from perbatch.files import replace

ALWAYS = ["n_train", "batch_size"]
RESULTS = [
    *("updates", "gradient_evaluations", "forward_evaluations", "train_loss", "validation_loss"),
    *("validation_accuracy", "validation_r2"),
]
AT_THE_END = ["satisfied_when_left", "still_satisfied"]
FORMAT = "%.12g"


@dataclass(frozen=True)
class Evidence:
    """A claim and the table that it is judged by. `chosen`: what was found at chosen rates."""

    claim: Claim
    table: pd.DataFrame
    chosen: dict[object, Any] = field(init=False, default_factory=dict, repr=False, compare=False)


def from_sweep(claim: Claim, runs: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """Return the evidence of a sweep: identity, what its runs differ in, their results, counts to targets.

    Columns: `identity`, those of AXES that vary, learning_rate, seed, epochs, status, results at the end,
    for each target what was spent up to it (infinite if never reached), and what the claim's kind of
    evidence adds.
    """
    failed = int((runs["status"] == "failed").sum())
    if failed:
        raise UserError(f"{claim.name}: {failed} of its {len(runs)} runs failed; see what the sweep said")
    history = history.sort_values(["identity", "presentations"], kind="stable")
    axes = [name for name in AXES if name in ALWAYS or runs[name].nunique(dropna=False) > 1]
    parts = [runs[["identity", *axes, "learning_rate", "seed", "epochs", "status", *RESULTS]]]
    last = history.groupby("identity").last().reindex(runs["identity"])
    parts.append(last[AT_THE_END].set_axis(runs.index))
    parts += [_to_target(runs, history, target) for target in claim.targets]
    table = pd.concat(parts, axis=1)
    extra: dict[str, Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]] = {
        "redundancy": between_copies,
        "equal_updates": lambda runs, history: at_equal_updates(runs, history, claim.tuning_seeds),
        "own_targets": lambda runs, history: to_own_targets(runs, history, claim.tuning_seeds),
    }
    if claim.evidence in extra:
        table = pd.concat([table, extra[claim.evidence](runs, history)], axis=1)
    order = [*axes, "learning_rate", "seed", "epochs"]
    return table.sort_values(order, kind="stable").dropna(axis=1, how="all").reset_index(drop=True)


def _to_target(runs: pd.DataFrame, history: pd.DataFrame, target: float) -> pd.DataFrame:
    """What each run spent up to the first evaluation at or below the target, infinite where it has none.

    `variance_to_` and `squared_gradient_to_` are tr(Sigma) and |mean gradient|^2 summed over those updates
    (between two evaluations by their mean): numerator and denominator of the noise scale along the run,
    each smoothed apart (McCandlish et al. 2018).
    """
    table = history[["identity", *COUNTS]].assign(
        variance=_summed(history, history["gradient_variance"]),
        squared_gradient=_summed(history, history["gradient_norm"] ** 2),
    )
    reached = table[(history["validation_loss"] <= target) & (history["presentations"] > 0)]
    first = reached.drop_duplicates("identity").set_index("identity").astype(float)
    found = first.reindex(runs["identity"]).set_axis(runs.index)
    found[COUNTS] = found[COUNTS].fillna(np.inf)
    found.insert(0, "epochs", found["presentations"] / runs["n_train"])
    return found.drop(columns="presentations").add_suffix(f"_to_{target:g}")


def _summed(history: pd.DataFrame, values: pd.Series) -> pd.Series:
    runs = history["identity"]
    before = values.groupby(runs).shift()
    made = history["updates"].groupby(runs).diff()
    return ((values + before) / 2 * made).fillna(0.0).groupby(runs).cumsum()


def write_evidence(table: pd.DataFrame, path: Path) -> None:
    """Write the evidence; the same bytes from the same runs."""
    replace(path, table.to_csv(index=False, float_format=FORMAT, lineterminator="\n"))


def read_evidence(claim: Claim, path: Path) -> Evidence:
    """Read a study's evidence; a UserError where it is missing or no table."""
    try:
        return Evidence(claim, pd.read_csv(path))
    except FileNotFoundError:
        made = repro("benchmark") if claim.evidence == "benchmark" else study(claim.name)
        raise UserError(f"{claim.name}: {path} is missing: {made}") from None
    except (OSError, ValueError, pd.errors.ParserError) as error:
        raise UserError(f"{claim.name}: {path} is not a CSV table ({error})") from None
