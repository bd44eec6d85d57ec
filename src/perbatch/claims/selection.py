"""Which rows of the evidence a quantity is of: a contender's, at the rate that its tuning seeds chose."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from perbatch.analysis.costs import evaluations, last_loss
from perbatch.analysis.tuning import choose
from perbatch.claims.claim import Claim
from perbatch.claims.evidence import Evidence
from perbatch.columns import AXES
from perbatch.errors import UserError

BY = ["score", "loss"]


@dataclass(frozen=True)
class Chosen:
    """The reported runs of one contender at its chosen rate, by seed, and what stands against the choice."""

    runs: pd.DataFrame
    rate: float
    reservation: str


def select(evidence: Evidence, of: Mapping[str, Any]) -> pd.DataFrame:
    """Return the rows with these values; `full` is a batch of all, null an empty field.

    A UserError where the evidence has no such column, or no such row.
    """
    table = evidence.table
    for column, value in of.items():
        if column not in evidence.table:
            held = ", ".join(map(str, evidence.table.columns))
            raise UserError(f"{evidence.claim.name}: the evidence has no column {column!r}; it has {held}")
        if value is None:
            table = table[table[column].isna()]
        elif column == "batch_size" and value == "full":
            table = table[table["batch_size"] == table["n_train"]]
        else:
            table = table[table[column] == value]
    if table.empty:
        wanted = ", ".join(f"{column}={value}" for column, value in of.items())
        raise UserError(f"{evidence.claim.name}: the evidence has no row with {wanted}")
    return table


def contender(evidence: Evidence, of: Mapping[str, Any]) -> pd.DataFrame:
    """Return the rows of exactly one contender; a UserError where the values fit several."""
    rows = select(evidence, of)
    for axis in AXES:
        if axis in rows and rows[axis].nunique(dropna=False) > 1:
            values = ", ".join(map(str, sorted(rows[axis].unique(), key=str)))
            raise UserError(
                f"{evidence.claim.name}: {dict(of)} fits several contenders, which differ in {axis} "
                f"({values}); name one of them"
            )
    return rows


def at_chosen_rate(evidence: Evidence, rows: pd.DataFrame, target: float | None = None) -> Chosen:
    """Return one contender's reported runs at the rate with the best median over the tuning seeds.

    Best is what the claim says: to reach `target` (by default the first) with the fewest evaluations of the
    network, or the last validation loss or accuracy; among equals the lower last validation loss, then the
    lower rate (see `tuning.choose`). Where one rate was tried it was given, not chosen.
    """
    chosen = _known(evidence, rows, target)
    if chosen.runs.empty and evidence.claim.reported(evidence.table).empty:
        raise _few_seeds(evidence.claim)
    if chosen.runs.empty:
        raise UserError(
            f"{evidence.claim.name}: {_named(rows)} has no run that judges at the rate {chosen.rate:g}, "
            f"which its tuning seeds chose"
        )
    return chosen


def _known(evidence: Evidence, rows: pd.DataFrame, target: float | None = None) -> Chosen:
    key = (tuple(rows.index), target)
    if key not in evidence.chosen:
        evidence.chosen[key] = _chosen(evidence, rows, target)
    return evidence.chosen[key]


def _chosen(evidence: Evidence, rows: pd.DataFrame, target: float | None) -> Chosen:
    claim = evidence.claim
    reported, tuning = claim.reported(rows), claim.tuning(rows)
    rates = sorted(rows["learning_rate"].unique())
    if len(rates) == 1:
        return Chosen(reported.set_index("seed").sort_index(), float(rates[0]), "")
    if tuning.empty:
        raise _few_seeds(claim)
    rate = float(choose(scored(evidence, tuning, target), BY)["learning_rate"].iloc[0])
    edge = {rates[0]: "lowest", rates[-1]: "highest"}.get(rate)
    said = f"the best rate of {_named(rows)} ({rate:g}) is the {edge} tried" if edge else ""
    return Chosen(reported[reported["learning_rate"] == rate].set_index("seed").sort_index(), rate, said)


def _few_seeds(claim: Claim) -> UserError:
    return UserError(
        f"{claim.name}: its seeds must be more than its tuning seeds "
        f"({', '.join(map(str, claim.tuning_seeds))}), which choose the rate and are not reported"
    )


def target_of(evidence: Evidence, target: float | None = None) -> float:
    """Return the target, by default the claim's first; a UserError where no run ever reached it."""
    claim = evidence.claim
    if not claim.targets:
        raise UserError(
            f"conf/experiment/{claim.name}.yaml: study.targets is empty, and a quantity needs one"
        )
    wanted = claim.targets[0] if target is None else float(target)
    if wanted not in claim.targets:
        known = ", ".join(f"{each:g}" for each in claim.targets)
        raise UserError(
            f"conf/experiment/{claim.name}.yaml: the target {wanted:g} is not one of study.targets ({known})"
        )
    if not np.isfinite(evidence.table[f"updates_to_{wanted:g}"]).any():
        lowest = evidence.table["validation_loss"].min()
        raise UserError(
            f"{claim.name}: no run reached the target {wanted:g} (the lowest last validation loss is "
            f"{lowest:.3g})"
        )
    return wanted


def check_budgets(evidence: Evidence, contenders: Iterable[pd.DataFrame]) -> None:
    """Raise a UserError where contenders were not tuned and trained alike.

    They need the same seeds and epochs, and the same learning rates, or the same rates over batch size.
    """
    parts = list(contenders)
    for what, column in (("seeds", "seed"), ("epochs", "epochs")):
        _equal(evidence, parts, what, column)
    over_size = [{f"{rate:.9g}" for rate in rows["learning_rate"] / rows["batch_size"]} for rows in parts]
    if any(each != over_size[0] for each in over_size[1:]):
        _equal(evidence, parts, "learning rates", "learning_rate")


def _equal(evidence: Evidence, parts: list[pd.DataFrame], what: str, column: str) -> None:
    budgets = [sorted(rows[column].unique()) for rows in parts]
    for rows, budget in zip(parts, budgets, strict=True):
        if budget != budgets[0]:
            first, other = (" ".join(f"{value:g}" for value in each) for each in (budgets[0], budget))
            raise UserError(
                f"{evidence.claim.name}: unequal budgets: {_named(parts[0])} has the {what} {first}, "
                f"{_named(rows)} has {other}; contenders need the same"
            )


def scored(evidence: Evidence, tuning: pd.DataFrame, target: float | None = None) -> pd.DataFrame:
    """Return the runs with the columns BY, by which the claim has rates chosen."""
    return tuning.assign(score=_score(evidence, tuning, target), loss=last_loss(tuning))


def _score(evidence: Evidence, rows: pd.DataFrame, target: float | None) -> pd.Series:
    if evidence.claim.chosen_by == "target":
        if evidence.claim.evidence == "own_targets":
            return rows["evaluations_to_target"]
        wanted = target_of(evidence, target)
        names = ("gradient_evaluations", "forward_evaluations")
        return evaluations(pd.DataFrame({name: rows[f"{name}_to_{wanted:g}"] for name in names}))
    if evidence.claim.chosen_by == "validation_accuracy":
        return -rows["validation_accuracy"].where(rows["status"] == "finished", -np.inf)
    return last_loss(rows)


def _named(rows: pd.DataFrame) -> str:
    first = rows.iloc[0]
    named = f"M = {int(first['batch_size']):,}"
    if first.get("updates_per_batch", 1) > 1:
        named += f" with {int(first['updates_per_batch'])} updates a batch"
    return named


def chosen_runs(evidence: Evidence) -> pd.Series:
    """Return the identities of all contenders' reported runs at their chosen rates: those that are tested."""
    chosen = [_known(evidence, part).runs["identity"] for part in contenders(evidence.table)]
    return pd.concat(chosen, ignore_index=True)


def chosen_tuning_runs(evidence: Evidence) -> pd.Series:
    """Return the identities of a tuning run of each contender at each rate that is chosen for any target."""
    claim, found = evidence.claim, []
    targets = (claim.chosen_by == "target" and claim.targets) or (None,)
    for part in contenders(evidence.table):
        rates = {_known(evidence, part, target).rate for target in targets}
        tuning = claim.tuning(part)
        found.append(tuning[tuning["learning_rate"].isin(rates)].drop_duplicates("learning_rate")["identity"])
    return pd.concat(found, ignore_index=True)


def contenders(table: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the rows of each contender of a table of evidence."""
    axes = [axis for axis in AXES if axis in table]
    return [part for _, part in table.groupby(axes, dropna=False)]
