"""The two questions' answers, made from the data; where these do not support the usual one, they say so."""

from dataclasses import dataclass, field

import pandas as pd

from perbatch.analysis.contenders import ONCE, named
from perbatch.analysis.contrasts import Contrast, ContrastVerdict, contrast, score_difference
from perbatch.analysis.representatives import best_of, best_repeats, plain_rows, representatives
from perbatch.analysis.results import Results
from perbatch.report.sentences import sentence, times
from perbatch.report.wording import (
    clock_unit,
    estimate_of,
    every,
    interval,
    interval_with_kind,
    number,
    of_difference,
    score_text,
    seeds_reached,
    share,
)

ONE_SIZE, ABSENT, ALL_DIVERGED = "one batch size", "not run", "all diverged"


@dataclass(frozen=True)
class Answer:
    """A sentence with its number, interval and n, why it is that sentence, and what it was made from."""

    verdict: str
    sentence: str
    found: Contrast | None = field(default=None, compare=False)


def answer_when(results: Results) -> Answer:
    """Question 1: does updating after each example need fewer passes than after all?

    Its ratio is that of `contrast`: epochs to the target, paired by seed, their geometric mean with a
    t-interval on logarithms (`statistics.paired_ratio`). The README's first sentence has the same one.
    """
    plain = plain_rows(results)
    if plain.empty:
        return Answer(
            ABSENT, "Every run repeats its updates, so these runs cannot say what the batch size alone does."
        )
    first, last = plain.iloc[0], plain.iloc[-1]
    if len(plain) == 1:
        return Answer(ONE_SIZE, _one_size(results, first))
    if _all_diverged(results, plain):
        return Answer(
            ALL_DIVERGED, "Every reported run diverged, so these runs cannot say which mode is faster."
        )
    subject = f"updating {every(int(first['batch_size']), results.sweep.n_train)}"
    other = f"updating {every(int(last['batch_size']), results.sweep.n_train)}"
    return _answer(results, contrast(results, first, last, "epochs"), subject, other)


def answer_repeat(results: Results) -> Answer:
    """Question 2: does repeating on one example or batch until it is satisfied pay?"""
    repeat = representatives(results).get("repeat")
    if repeat is None:
        return Answer(ABSENT, "No run repeats its updates, so these runs cannot say what repeating does.")
    size = int(repeat["batch_size"])
    plain = best_of(results, ONCE, size)
    if plain is None:
        return Answer(
            ABSENT, "No batch size was run both with and without repeating, so the two cannot be compared."
        )
    if _all_diverged(results, pd.DataFrame([repeat, plain])):
        return Answer(
            ALL_DIVERGED, "Every reported run diverged, so these runs cannot say what repeating does."
        )
    what = "each example" if size == 1 else f"each batch of {size:,}"
    until = f"{int(repeat['updates_per_batch'])} times"
    if not pd.isna(repeat["tolerance"]):
        until = f"until its loss was at most {repeat['tolerance']:g}"
        until += f" (at most {int(repeat['updates_per_batch'])} updates)"
    found = contrast(results, repeat, plain, "evaluations")
    return _answer(results, found, f"repeating {what} {until}", f"visiting {what} once per epoch")


def retention(results: Results) -> str:
    """Say what share of examples was satisfied when left and how many still were at the first epoch's end."""
    kept = kept_shares(results)
    if kept is None:
        return ""
    left, still, seeds = kept
    return (
        f"At the end of the first epoch {share(left)} of the examples had been satisfied when left, "
        f"and {share(still)} still were (mean over {seeds} seed{'s' if seeds > 1 else ''})."
    )


def kept_shares(results: Results) -> tuple[float, float, int] | None:
    """Return these two shares, means over the seeds, and of how many; None without a tolerance."""
    repeat = representatives(results).get("repeat")
    if repeat is None or pd.isna(repeat["tolerance"]):
        return None
    history = results.sweep.history_of(results.runs_of(repeat))
    first = history[history["epoch"] >= 1].groupby("identity").first()
    left, still = first["satisfied_when_left"].mean(), first["still_satisfied"].mean()
    return None if pd.isna(left) or pd.isna(still) else (float(left), float(still), len(first))


def answer_seconds(results: Results) -> str:
    """Say what the declared mini-batch takes in training seconds, beside the other modes."""
    rows = representatives(results)
    shown = [rows[name] for name in ("stochastic", "mini_batch", "full_batch") if name in rows]
    if len(shown) < 2 or not all(_has_seconds(results, row) for row in shown):
        return ""
    factor, unit = clock_unit(row["seconds_to_target"] for row in shown)
    values = "; ".join(f"{named(row).long}, {_seconds(row, factor)}" for row in shown)
    text = f"In {unit}: {values}."
    if "mini_batch" in rows and "stochastic" in rows:
        found = contrast(results, rows["mini_batch"], rows["stochastic"], "seconds")
        names = [named(row).long for row in (rows["mini_batch"], rows["stochastic"])]
        texts = {
            ContrastVerdict.LESS: f"{names[0].capitalize()} is the faster of the first two by a factor of",
            ContrastVerdict.MORE: f"{names[1].capitalize()} is the faster of the first two by a factor of",
            ContrastVerdict.SAME: "Between the first two no difference is shown: a factor of",
        }
        if found.verdict in texts:
            ends = f"{interval_with_kind(found.factor)}, paired by seed, n = {found.n}"
            text += f" {texts[found.verdict]} {times(found)} ({ends})."
    return text


def answer_elsewhere(results: Results) -> str:
    """Count the batch sizes at which repeating took fewer or more evaluations than not repeating."""
    repeats = [row for _, row in best_repeats(results).iterrows()]
    pairs = [(row, best_of(results, ONCE, int(row["batch_size"]))) for row in repeats]
    both = [(row, plain) for row, plain in pairs if plain is not None]
    found = [contrast(results, row, plain, "evaluations").verdict for row, plain in both]
    if len(found) < 2:
        return ""
    counts = {
        "fewer evaluations of the network at": sum(verdict.saved for verdict in found),
        "more at": sum(verdict.cost for verdict in found),
        "no shown difference at": found.count(ContrastVerdict.SAME),
    }
    if unsaid := len(found) - sum(counts.values()):
        counts["no verdict possible at"] = unsaid
    parts = ", ".join(f"{text} {count}" for text, count in counts.items())
    return f"Over all {len(found)} batch sizes that were run both ways, repeating took {parts}."


def answer_scores(results: Results) -> str:
    """Say how the test scores of the smallest and the largest batch differ at the end of training.

    At the rates chosen for the end, where these were.
    """
    results = results.ending or results
    plain = plain_rows(results)
    if len(plain) < 2:
        return ""
    score, ends = results.sweep.score, plain.iloc[[0, -1]]
    name, label = f"test_{score}", "accuracy" if score == "accuracy" else "R²"
    if ends[name].isna().any():
        return ""
    values = " and ".join(
        f"{score_text(score, row[name])} updating {every(int(row['batch_size']), results.sweep.n_train)}"
        for _, row in ends.iterrows()
    )
    difference = score_difference(results, ends.iloc[0], ends.iloc[1])
    if not difference.has_interval:
        return f"At the end of training, test {label} was {values}."
    evidence = of_difference(difference, 100) if score == "accuracy" else of_difference(difference, 1, "")
    shown = "a difference" if difference.low > 0 or difference.high < 0 else "no difference shown"
    return f"At the end of training, test {label} was {values}: {shown} {evidence}."


def _answer(results: Results, found: Contrast, subject: str, other: str) -> Answer:
    return Answer(found.verdict, sentence(results, found, subject, other), found)


def _one_size(results: Results, row: pd.Series) -> str:
    value = row["epochs_to_target"]
    took = "did not reach" if pd.isna(value) else f"took {number(value)} epochs to reach"
    return (
        f"All runs have one batch size (M = {int(row['batch_size']):,}), so they cannot say "
        f"what another would do; "
        f"it {took} a validation loss of {results.sweep.target:g} ({seeds_reached(row)})."
    )


def _all_diverged(results: Results, rows: pd.DataFrame) -> bool:
    shown = results.reported[results.reported["contender"].isin(rows["contender"])]
    return bool(len(shown) and (shown["status"] == "diverged").all())


def _has_seconds(results: Results, row: pd.Series) -> bool:
    mine = results.runs_of(row)
    return bool(len(mine) and mine["gradient_us"].notna().all())


def _seconds(row: pd.Series, factor: float) -> str:
    took = estimate_of(row, "seconds_to_target").times(factor)
    if pd.isna(took.value):
        return f"not reached ({seeds_reached(row)})"
    return number(took.value) + (f" ({interval(took)})" if took.has_interval else "")
