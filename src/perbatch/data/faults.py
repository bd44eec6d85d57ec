"""What is refused in a table's features, found at once: a clause for each kind, and advice.

Pixels of images may be constant (`readers.arrays`); `source` checks what a reader of one's own returns.
"""

from collections.abc import Callable, Sequence

import numpy as np

from perbatch.advice import DECIMAL_COMMA, ONE_HOT
from perbatch.data.cells import has_commas, judged
from perbatch.data.frames import Frame
from perbatch.data.problems import MOST, at_rows, dropping, listed

CATEGORIES = 100
"""Different values that a column of text may have to become as many columns."""


class Faults:
    """What no feature of a table may be.

    A column with the same value in every row tells nothing; `constants` lets it pass. `where` is what the
    table is called, `decimal` what stands before a fraction in it, nothing where numbers are no text.
    """

    def __init__(
        self, frame: Frame, where: str, one_hot: bool = False, decimal: str = "", constants: bool = False
    ) -> None:
        """Nothing is refused yet."""
        self.frame, self.where, self.decimal = frame, where, decimal
        self.values = {place: texts.unique().drop_null() for place, texts in frame.texts.items()}
        self.low, self.high = frame.X.min(axis=0), frame.X.max(axis=0)  # nan where a value is missing
        constant = self.low == self.high
        for place in np.flatnonzero(np.isnan(self.low)).tolist():
            constant[place] = bool(np.isnan(frame.X[:, place]).all())
        for place, values in self.values.items():
            constant[place] = len(values) < 2 and not frame.texts[place].null_count
        self.constant = [] if constants else np.flatnonzero(constant).tolist()
        text = [place for place in frame.texts if not constant[place]]
        self.commas = [place for place in text if decimal == "." and has_commas(frame.texts[place])]
        self.many = [place for place in text if one_hot and len(self.values[place]) > CATEGORIES]
        self.text = [] if one_hot else text

    def clauses(self, dropped: Sequence[str]) -> list[str]:
        """A clause for each kind of fault, and last how to leave columns out besides those `dropped`."""
        large = "has whole numbers beyond 2^53, which float64 cannot tell apart"
        many = self._said(
            self.many, ("has", "have"), lambda place: f"{len(self.values[place])} different values"
        )
        found = [
            self._said(self.text, ("is not of numbers", "are not of numbers"), self._first_text),
            self._said(self.constant, ("is constant", "are constant"), self._only_value),
            *self._gaps(),
            self._said(self.frame.large, (large, large), lambda place: ""),
            many and f"{many}; one_hot allows at most {CATEGORIES}",
            self._advice(dropped),
        ]
        return [clause for clause in found if clause]

    def _gaps(self) -> list[str]:
        """Cells without a value, and cells that are infinite."""
        X, constant = self.frame.X, set(self.constant)
        gone = {place: np.asarray(texts.is_null()) for place, texts in self.frame.texts.items()}
        spoilt = np.flatnonzero(~(np.isfinite(self.low) & np.isfinite(self.high)))
        absent, infinite = {}, {}
        for place in spoilt.tolist():
            nan = gone[place] if place in gone else np.isnan(X[:, place])
            if nan.any() and not (nan.all() and place in constant):
                absent[place] = np.flatnonzero(nan)
            if len(rows := np.flatnonzero(np.isinf(X[:, place]))):
                infinite[place] = rows

        def at(rows: dict[int, np.ndarray]) -> Callable[[int], str]:
            return lambda place: f"in {at_rows(rows[place], self.frame.row)}"

        missing = self._said(list(absent), ("has no value", "have cells without a value"), at(absent))
        unbounded = self._said(list(infinite), ("is infinite", "are infinite"), at(infinite))
        tail = "rows with missing values must be completed or removed"
        return [f"{missing}: {tail}" if missing else "", unbounded]

    def _advice(self, dropped: Sequence[str]) -> str:
        """What to type: each of these alone makes the faults of columns go away."""
        unfit = sorted({*self.constant, *self.text, *self.many})
        if not unfit or len(unfit) == len(self.frame.names):
            return f"{DECIMAL_COMMA} reads 1,5 as a number" if self.commas else ""
        left_out = dropping([self.frame.names[place] for place in unfit], dropped)
        advice = [f"{left_out} leaves {'it' if len(unfit) == 1 else 'them'} out"]
        if self.text:
            if self.commas:
                advice.append(f"{DECIMAL_COMMA} reads 1,5 as a number")
            elif all(len(self.values[place]) <= CATEGORIES for place in self.text):
                advice.append(f"{ONE_HOT} makes a column of 0 and 1 of each value of a text")
        return ", ".join(advice)

    def _only_value(self, place: int) -> str:
        if place in self.values:
            value = self.values[place][0].as_py()
            return f"({value if value.isprintable() else ascii(value)} in every row)"
        low = self.low[place]
        return "(no value in every row)" if np.isnan(low) else f"({low:.17g} in every row)"

    def _first_text(self, place: int) -> str:
        texts = self.frame.texts[place]
        found = judged(texts, self.decimal)
        other = np.flatnonzero(~(found.number | found.missing))
        row = int(other[0]) if len(other) else int(np.flatnonzero(~found.missing)[0])
        return f"({self.frame.row(row)} has {texts[row].as_py()!r})"

    def _said(self, places: list[int], what: tuple[str, str], detail: Callable[[int], str]) -> str:
        """A clause on one column, or on several: each with its detail, the first ten; nothing on none."""
        if not places:
            return ""
        if len(places) == 1:
            name = self.frame.names[places[0]]
            return f"column {name!r} of {self.where} {what[0]} {detail(places[0])}".rstrip()
        shown = [f"{self.frame.names[place]!r} {detail(place)}".rstrip() for place in places[:MOST]]
        return f"{len(places)} columns of {self.where} {what[1]}: {listed(shown, len(places))}"
