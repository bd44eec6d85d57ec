"""The README's first screen: its answers and its table, from the same facts and roundings as the page.

Its first ratio is that of `_when`, one of `analysis.contrasts.contrast`.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from perbatch.analysis.contenders import named
from perbatch.analysis.contrasts import ContrastVerdict, contrast
from perbatch.analysis.fastest import fastest
from perbatch.analysis.representatives import repeat_and_plain, representatives
from perbatch.analysis.results import Results
from perbatch.report.answers import answer_when
from perbatch.report.sentences import times
from perbatch.report.wording import every, interval, listed, number

Column = tuple[str, str, str, float, Callable[..., Any] | None, str]

COLUMNS: tuple[Column, ...] = (
    ("rate", "learning_rate", "g", 1.0, None, ""),
    ("epochs", "epochs_to_target", ".1f", 1.0, min, "fewest epochs"),
    ("updates", "updates_to_target", ",.0f", 1.0, min, "fewest updates"),
    ("evaluations", "evaluations_to_target", ",.0f", 1.0, min, "fewest evaluations"),
    ("time, ms", "seconds_to_target", ".2f", 1000.0, min, "least time"),
    ("test accuracy", "test_accuracy", ".1%", 1.0, max, "highest accuracy"),
)
"""Head, column of the comparison, format, factor, and what the one with the lowest or highest is best at."""


def readme_block(results: Results, when_elsewhere: str = "", repeating_elsewhere: str = "") -> str:
    """Return the README's answers and table as Markdown; for data with classes, which the README is about.

    The other two say of either answer on how many data sets it holds.
    """
    return (
        "**Both are possible; small batches are usual.** The gradient (which way each weight should move) is "
        "computed for every example; the update (which moves the weights) is applied once per batch: after "
        "one example, a few, or all.\n\n"
        f"{_joined(_when(results), _quickest(results), when_elsewhere)}\n\n"
        "**No, not usually**: one does not stay on a data point until it is satisfied, its loss being low. "
        f"Each is used once per epoch, and comes back in the next one. "
        f"{_joined(_repeating(results), repeating_elsewhere)}\n\n"
        f"{_table(results)}\n\n"
        f"From {len(results.sweep.runs):,} runs. Epochs, updates, evaluations and time are those to the "
        f"target: a loss of {results.sweep.target:g} on validation data, which no update has seen. The rate "
        "(how far an update goes) was chosen for each mode by its evaluations: a gradient counts as one, a "
        "forward pass alone (the network's answer to an example) as half of one. Means over seeds that chose "
        "nothing; best at: of the means shown. Intervals, all batch sizes and limits: the report.\n"
    )


def modes(results: Results) -> dict[str, tuple[str, pd.Series]]:
    """Return label and row of the comparison of each mode in the table, by the mode's name."""
    rows = representatives(results)
    shown = {name: (named(row).short, row) for name, row in rows.items()}
    quickest = fastest(results, "seconds")
    if quickest is not None and not any(quickest.row.equals(row) for row in rows.values()):
        shown["fastest"] = f"{named(quickest.row).short}, the fastest", quickest.row
    order = ("stochastic", "fastest", "mini_batch", "full_batch", "repeat")
    return {name: shown[name] for name in order if name in shown}


def _when(results: Results) -> str:
    answer = answer_when(results)
    found = answer.found
    if found is None or found.verdict not in (ContrastVerdict.LESS, ContrastVerdict.MORE):
        return answer.sentence
    n_train = results.sweep.n_train
    first, last = (every(int(row["batch_size"]), n_train) for row in (found.first, found.second))
    word = "fewer" if found.verdict == ContrastVerdict.LESS else "more"
    return (
        f"Updating {first} took {times(found)} times {word} epochs (passes over the training data) to the "
        f"same validation loss than updating {last}."
    )


def _quickest(results: Results) -> str:
    """The fastest of all batch sizes: chosen on the tuning seeds, reported on the others."""
    found = fastest(results, "seconds")
    if found is None or pd.isna(found.row["seconds_to_target"]):
        return ""
    size, single = int(found.row["batch_size"]), representatives(results).get("stochastic")
    known = single is not None and size != 1 and pd.notna(single["epochs_to_target"])
    against = f" (M = 1: {number(single['epochs_to_target'])})" if known else ""  # type: ignore[index]
    others = [f"{each:,}" for each in sorted((*found.alike, *found.better))]
    told = f"of M = {listed(others)} it was not shown that it took more" if others else ""
    return (
        f"Of all batch sizes M, **M = {size:,} took the least time**, "
        f"{number(found.row['seconds_to_target'] * 1000)} ms, and {number(found.row['epochs_to_target'])} "
        f"epochs{against}; {told or 'every other size took more'}."
    )


def _repeating(results: Results) -> str:
    """What repeating costs: evaluations decide, time stands beside them."""
    pair = repeat_and_plain(results)
    if pair is None:
        return "Whether it would pay these runs cannot say: repeating was not run beside going on."
    verdict = contrast(results, *pair, "evaluations").verdict
    if not verdict.judged:
        return "Whether it would pay these runs cannot say: not every seed got there both ways."
    said = {
        ContrastVerdict.LESS: "it paid",
        ContrastVerdict.MORE: "it cost more",
        ContrastVerdict.SAME: "no difference was shown",
    }
    time = _times(results, pair, "seconds")
    beside = f"; in time {time}" if time else ""
    return (
        f"Here, repeating took {_times(results, pair, 'evaluations')} the evaluations of the network that "
        f"going on takes, so {said[verdict]}{beside}."
    )


def _times(results: Results, pair: tuple[pd.Series, pd.Series], quantity: str) -> str:
    ratio = contrast(results, *pair, quantity).ratio.inverse
    return f"{number(ratio.value)} times (95 % interval {interval(ratio)})" if ratio.has_interval else ""


def _table(results: Results) -> str:
    shown = modes(results)
    cells = {name: [_cell(row, column) for column in COLUMNS] for name, (_, row) in shown.items()}
    best: Mapping[str, list[str]] = {name: [] for name in shown}
    for place, (_, key, _, _, pick, praise) in enumerate(COLUMNS):
        values = {name: row[key] for name, (_, row) in shown.items() if pd.notna(row[key])}
        if pick is None or not values:
            continue
        winner = cells[pick(values, key=values.__getitem__)][place]
        for name in values:
            if cells[name][place] == winner:
                best[name].append(praise)
    heads = ["mode", *(head for head, *_ in COLUMNS), "best at"]
    rows = [[label, *cells[name], ", ".join(best[name])] for name, (label, _) in shown.items()]
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *rows))


def _cell(row: pd.Series, column: Column) -> str:
    _, key, style, factor, _, _ = column
    value = row[key]
    return "not reached" if pd.isna(value) else format(float(value) * factor, style).replace("%", " %")


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))
