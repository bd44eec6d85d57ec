"""What the page says of other data sets and networks: on how many of them a ratio is below 1, or above."""

from collections.abc import Callable

import pandas as pd

from perbatch.claims.elsewhere import MINI_BATCH, REPEAT, STOCHASTIC, less, more, rows_of
from perbatch.report.wording import UNITS, number

Test = Callable[[pd.DataFrame], pd.Series]


def on_how_many(rows: pd.DataFrame, test: Test) -> tuple[int, int]:
    """Return on how many data sets the test is true of all networks, and how many data sets there are."""
    held = test(rows).groupby(rows["data"]).all()
    return int(held.sum()), len(held)


def first_elsewhere(table: pd.DataFrame) -> str:
    """Say for the page's first layer on how many data sets M = 1 needed fewer passes than the full batch."""
    if table.empty:
        return ""
    held = on_how_many(rows_of(table, STOCHASTIC, "epochs"), less)
    return f"{_took(*held, 'updating after each example', 'fewer passes than updating once per pass')}."


def first_repeat_elsewhere(table: pd.DataFrame) -> str:
    """Say for the page's first layer on how many data sets repeating took more work, or less."""
    if table.empty:
        return ""
    rows = rows_of(table, REPEAT, "evaluations")
    word, held = _direction(rows, "less", "more")
    other, test = {"less": ("more", more), "more": ("less", less)}[word]
    count, _ = on_how_many(rows, test)
    rest = f"; on {'some' if count else 'none'} of them {other}" if held[0] else ""
    return f"{_took(*held, 'repeating', f'{word} work than going on')}{rest}."


def elsewhere_sentences(table: pd.DataFrame) -> list[str]:
    """Say for each comparison and quantity on how many data sets it holds for all networks, and the range."""
    if table.empty:
        return []
    told = [
        (STOCHASTIC, "epochs", "updating after each example", "updating once per epoch"),
        (MINI_BATCH, "epochs", "updating after every {size:,} examples", "updating after each"),
        (REPEAT, "epochs", "repeating until satisfied", "visiting each example once"),
        (REPEAT, "evaluations", "repeating until satisfied", "visiting each example once"),
    ]
    return [_sentence(rows_of(table, comparison, quantity), *rest) for comparison, quantity, *rest in told]


def _sentence(rows: pd.DataFrame, subject: str, other: str) -> str:
    unit = UNITS[rows["quantity"].iloc[0]]
    word, held = _direction(rows, "fewer", "more")
    subject = subject.format(size=int(rows["batch_size"].iloc[0]))
    below, above = int(less(rows).sum()), int(more(rows).sum())
    return (
        f"{_took(*held, subject, f'{word} {unit} than {other}')}: {number(rows['ratio'].min())} to "
        f"{number(rows['ratio'].max())} times as many. Of the {len(rows)} intervals {below} lie below 1, "
        f"{above} above, and {len(rows) - below - above} show no difference."
    )


def _direction(rows: pd.DataFrame, fewer: str, greater: str) -> tuple[str, tuple[int, int]]:
    """The word that is true of more data sets, among equals of more rows, and of how many data sets."""
    saved, cost = on_how_many(rows, less), on_how_many(rows, more)
    paid = (saved, less(rows).sum()) > (cost, more(rows).sum())
    return (fewer, saved) if paid else (greater, cost)


def _took(count: int, of: int, subject: str, what: str) -> str:
    if count:
        return f"On {count} of {of} data sets, with every network, {subject} took {what}"
    return f"On none of {of} data sets, with every network, did {subject} take {what}"
