"""Two modes compared on each data set and network: a row each, and no pooled number, since rows share data.

Each mode is at its chosen rate. What the ratio of stochastic over full batch should be follows from the one
of mini-batch over stochastic: with a critical batch size B, batches of M need epochs in proportion to
1 + M / B (McCandlish et al. 2018).
"""

from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd

from perbatch.analysis.columns import columns_of
from perbatch.analysis.statistics import geometric_interval, paired_ratio
from perbatch.claims.evidence import Evidence
from perbatch.claims.own_target import TASK
from perbatch.claims.reading import Reading, estimated, joined
from perbatch.claims.selection import Chosen, at_chosen_rate, check_budgets, select
from perbatch.errors import UserError
from perbatch.files import replace

FILE = "elsewhere.csv"
COMPARISONS = {
    "stochastic over full batch": ("stochastic", "full_batch"),
    "mini-batch over stochastic": ("mini_batch", "stochastic"),
    "repeat over plain": ("repeat", "stochastic"),
}
STOCHASTIC, MINI_BATCH, REPEAT = COMPARISONS
QUANTITIES = ("epochs", "evaluations")
"""What a mode needs less or more of; evaluations are those of the network."""
ENDS = ["ratio", "ratio_low", "ratio_high"]


def ratios(evidence: Evidence) -> pd.DataFrame:
    """Return a row a data set, network, comparison and quantity, by size of the training part.

    The columns are those of elsewhere.csv, see docs/tables.md. A UserError where a mode is missing.
    """
    if FILE not in evidence.chosen:
        rows = list(chain.from_iterable(_rows(evidence, rows) for _, rows in evidence.table.groupby(TASK)))
        evidence.chosen[FILE] = _by_size(pd.DataFrame(rows, columns=columns_of(FILE)))
    return evidence.chosen[FILE]


def ratios_of(evidence: Iterable[Evidence | None]) -> pd.DataFrame | None:
    """Return the ratios of all evidence that has targets of its own; None where there is none."""
    tables = [ratios(each) for each in evidence if each and each.claim.evidence == "own_targets"]
    return _by_size(pd.concat(tables)) if tables else None


def _by_size(table: pd.DataFrame) -> pd.DataFrame:
    table = table.assign(layers=table["sizes"].str.count("-"))
    table = table.sort_values(["n_train", "data", "layers"], kind="stable", ignore_index=True)
    return table.drop(columns="layers")


def write_ratios(table: pd.DataFrame | None, path: Path) -> None:
    """Write the ratios, or the head alone where there are none; the same bytes from the same evidence."""
    rows = pd.DataFrame(columns=columns_of(FILE)) if table is None else table
    replace(path, rows.to_csv(index=False, float_format="%.6g", lineterminator="\n"))


def rows_of(table: pd.DataFrame, comparison: str, quantity: str) -> pd.DataFrame:
    """Return the rows of one comparison and quantity."""
    return table[(table["comparison"] == comparison) & (table["quantity"] == quantity)]


def less(rows: pd.DataFrame) -> pd.Series:
    """Tell of each row whether all of its interval is below 1: the first mode needs less."""
    return (rows["ratio_high"] < 1) & (rows["reservation"] == "")


def more(rows: pd.DataFrame) -> pd.Series:
    """Tell of each row whether all of its interval is above 1: the first mode needs more."""
    return (rows["ratio_low"] > 1) & (rows["reservation"] == "")


def largest_ratio(evidence: Evidence, comparison: str, quantity: str) -> Reading:
    """The largest ratio of all rows, and the largest ends: below a bound only where every row is."""
    return _extreme(evidence, comparison, quantity, "largest")


def smallest_ratio(evidence: Evidence, comparison: str, quantity: str) -> Reading:
    """The smallest ratio of all rows, and the smallest ends: above a bound only where every row is."""
    return _extreme(evidence, comparison, quantity, "smallest")


def gain_of_copies(evidence: Evidence, copied: str, once: str) -> Reading:
    """Stochastic over full batch in epochs on the data set `copied`, times its copies, over that on `once`.

    1 where a copy is worth as much to stochastic updates as an example that was not there before, the number
    of copies where it is worth nothing. By seed the geometric mean over the networks: a rate is chosen anew
    on each data set, and the rates of a grid are far apart.
    """
    logs, reservations = [], []
    for sizes in sorted(select(evidence, {"data": copied})["sizes"].unique()):
        for data, sign in ((copied, 1), (once, -1)):
            rows = select(evidence, {"data": data, "sizes": sizes})
            modes = _modes(evidence, rows)
            first, second = (modes[name] for name in COMPARISONS[STOCHASTIC])
            both = np.log(_by_seed(first, second, "epochs"))
            logs.append(sign * (both.iloc[:, 0] - both.iloc[:, 1] + np.log(rows["n_train"].iloc[0])))
            reservations += [first.reservation, second.reservation]
    mean = pd.concat(logs, axis=1, join="inner").sum(axis=1) / (len(logs) / 2)
    return estimated(geometric_interval(np.exp(mean)), *reservations)


def critical_batch_size(table: pd.DataFrame) -> float:
    """Return B as the rows of the mini-batch tell it: from the geometric mean of their ratios in epochs.

    nan where mini-batches needed no more epochs than M = 1, or more than in proportion.
    """
    rows = rows_of(table, MINI_BATCH, "epochs")
    size, slower = rows["batch_size"].iloc[0], float(np.exp(np.log(rows["ratio"]).mean()))
    return (size - slower) / (slower - 1) if 1 < slower < size else np.nan


def theory(critical: float, n_train: np.ndarray) -> np.ndarray:
    """Return the epochs of M = 1 over those of the full batch, for training parts of these sizes (k,)."""
    return (1 + 1 / critical) / (1 + np.asarray(n_train, float) / critical)


def _rows(evidence: Evidence, alike: pd.DataFrame) -> list[dict[str, object]]:
    modes, first_row = _modes(evidence, alike), alike.iloc[0]
    rows = []
    for comparison, names in COMPARISONS.items():
        first, second = (modes[name] for name in names)
        for quantity in QUANTITIES:
            found = paired_ratio(*_by_seed(first, second, quantity).to_numpy(float).T)
            rows.append(
                {
                    "data": first_row["data"],
                    "n_train": int(first_row["n_train"]),
                    "sizes": first_row["sizes"],
                    "target": first_row["target"],
                    "comparison": comparison,
                    "quantity": quantity,
                    "batch_size": int(first.runs["batch_size"].iloc[0]),
                    **found.columns("ratio"),
                    "n": found.n,
                    "kind": found.kind,
                    "learning_rate": first.rate,
                    "over_learning_rate": second.rate,
                    "reservation": joined([first.reservation, second.reservation]),
                }
            )
    return rows


def _modes(evidence: Evidence, rows: pd.DataFrame) -> dict[str, Chosen]:
    """The four modes on one data set and network, each at its chosen rate."""
    plain = (rows["updates_per_batch"] == 1) & rows["tolerance"].isna()
    size, n_train = rows["batch_size"], rows["n_train"]
    parts = {
        "stochastic": rows[plain & (size == 1)],
        "mini_batch": rows[plain & (size > 1) & (size < n_train)],
        "full_batch": rows[plain & (size == n_train)],
        "repeat": rows[~plain],
    }
    for name, part in parts.items():
        if part.empty:
            where = " ".join(map(str, rows.iloc[0][TASK]))
            raise UserError(f"{evidence.claim.name}: the evidence has no run of the mode {name} on {where}")
    check_budgets(evidence, parts.values())
    return {name: at_chosen_rate(evidence, part) for name, part in parts.items()}


def _by_seed(first: Chosen, second: Chosen, quantity: str) -> pd.DataFrame:
    """What both spent to the target, a row a seed that both have."""
    return pd.concat([each.runs[f"{quantity}_to_target"] for each in (first, second)], axis=1, join="inner")


def _extreme(evidence: Evidence, comparison: str, quantity: str, which: str) -> Reading:
    rows = rows_of(ratios(evidence), comparison, quantity)
    if rows.empty:
        raise UserError(
            f"{evidence.claim.name}: there is no comparison {comparison!r} in {quantity!r}; there are "
            f"{', '.join(COMPARISONS)}, in {' and '.join(QUANTITIES)}"
        )
    named = rows["data"] + " " + rows["sizes"] + ": " + rows["reservation"]
    lacking = "a row has no interval" if rows[ENDS].isna().any(axis=None) else ""
    said = joined([*named[rows["reservation"] != ""], lacking])
    value, low, high = (rows[ENDS].max() if which == "largest" else rows[ENDS].min()).tolist()
    kind = f"{which} of all rows ({len(rows)})"
    return Reading(value, low, high, int(rows["n"].min()), kind, reservation=said)
