"""Which contender speaks for each mode: declared beforehand, but for the repeat mode's n and tolerance."""

import pandas as pd

from perbatch.analysis.contenders import FIXED, ONCE, UNTIL_SATISFIED
from perbatch.analysis.results import Results, fact

REPRESENTATIVES = ("stochastic", "mini_batch", "full_batch", "repeat")


@fact
def representatives(results: Results) -> dict[str, pd.Series]:
    """Return the comparison's row of each mode that was run.

    stochastic; mini_batch: the declared batch size; full_batch; repeat: at the smallest batch size that was
    run with and without repeating, the n and tolerance that tuned best.
    """
    table = results.comparison
    plain = table[table["mode"] != "repeat"]
    found = {
        "stochastic": plain[plain["mode"] == "stochastic"],
        "mini_batch": plain[
            (plain["mode"] == "mini-batch") & (plain["batch_size"] == results.sweep.settings.mini_batch)
        ],
        "full_batch": plain[plain["mode"] == "full-batch"],
        "repeat": best_repeats(results).head(1),
    }
    return {name: rows.iloc[0] for name, rows in found.items() if len(rows)}


def best_repeats(results: Results) -> pd.DataFrame:
    """Return the comparison's repeat row of each batch size that tuned best, sorted by batch size.

    The n and tolerance are tuned like a rate. Only repeating until satisfied counts, or where that was not
    run at all, repeating without a tolerance; skipping without repeating never does: these are controls.
    Batch sizes that were run plain as well come first: only there can the two be compared.
    """
    table = _tuned(results)
    plain = set(table.loc[table["way"] == ONCE, "batch_size"])
    until = table["way"] == UNTIL_SATISFIED
    repeat = table[until if until.any() else table["way"] == FIXED]
    best = repeat.drop_duplicates("batch_size")
    best = best.assign(alone=~best["batch_size"].isin(plain)).sort_values(["alone", "batch_size"])
    return best.drop(columns="alone")


def _tuned(results: Results) -> pd.DataFrame:
    """The comparison, what tuned best first."""
    tuned = results.choices.sort_values(["tuning_cost", "tuning_loss"], kind="stable")["contender"]
    return results.comparison.set_index("contender", drop=False).loc[tuned].reset_index(drop=True)


def best_of(results: Results, way: str, batch_size: int) -> pd.Series | None:
    """Return the comparison's row of that way and batch size that tuned best, if there is one."""
    rows = _tuned(results)
    rows = rows[(rows["way"] == way) & (rows["batch_size"] == batch_size)]
    return rows.iloc[0] if len(rows) else None


@fact
def plain_rows(results: Results) -> pd.DataFrame:
    """Return the comparison's rows without repeating, sorted by batch size."""
    table = results.comparison
    return table[table["mode"] != "repeat"].sort_values("batch_size")


def repeat_and_plain(results: Results) -> tuple[pd.Series, pd.Series] | None:
    """Return the row that represents repeating, and the plain one at its batch size; None without both."""
    repeat = representatives(results).get("repeat")
    plain = None if repeat is None else best_of(results, ONCE, int(repeat["batch_size"]))
    return None if repeat is None or plain is None else (repeat, plain)
