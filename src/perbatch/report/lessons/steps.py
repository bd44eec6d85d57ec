"""One pass, event by event: a gradient is computed, a batch is full, the weights move, a loss is looked at.

The model is the smallest that can be drawn: a line with a slope and an offset, fitted to eight examples. Its
gradients and losses are the library's, and the events come in the order of its engine (`numpy_engine`).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from perbatch.backprop.network import Network
from perbatch.report.wording import number

X = np.array([0.7, 1.5, -1.1, -0.3, 1.1, -0.7, 0.3, -1.5])[:, None]
Y = 0.9 * X[:, 0] + 0.4 + np.array([-0.3, -0.1, 0.2, 0.3, 0.2, -0.2, -0.2, 0.1])
START = (-0.7, -0.8)
RATE = 0.4
UPDATES, TOLERANCE = 3, 0.1
LINE = Network((1, 1), loss="squared_error")


@dataclass(frozen=True)
class Lesson:
    """A mode to play: its name among the figures' colours, title, the strip's events, and its numbers."""

    name: str
    title: str
    strip: tuple[int, int, int]
    size: int
    updates: int = 1
    tolerance: float | None = None


LESSONS = (
    Lesson("stochastic", "after each example, M = 1", (1, 2, 16), 1),
    Lesson("mini_batch", "after 4 examples, M = 4", (4, 5, 10), 4),
    Lesson("full_batch", f"after all {len(X)} examples", (4, 8, 9), len(X)),
    Lesson("repeat", "again and again on one example", (2, 4, 5), 1, UPDATES, TOLERANCE),
)


@dataclass(frozen=True)
class Event:
    """What has just happened, as a picture and in words.

    `path`: where the weights (slope, offset) have been, the last is where they are. `pile`: the change that
    each example of the batch so far would make alone, from there or, after an update, from the place before.
    `seen`: how many examples were shown. `now`: those that this is about. `counts`: gradients, updates and
    looks so far.
    """

    kind: str
    path: tuple[tuple[float, float], ...]
    pile: tuple[tuple[float, float], ...]
    seen: int
    now: tuple[int, ...]
    counts: tuple[int, int, int]
    words: str


def events(lesson: Lesson) -> list[Event]:
    """Return the events of one pass over the eight examples."""
    return list(_Pass(lesson).events())


class _Pass:
    """A pass as it goes on."""

    def __init__(self, lesson: Lesson) -> None:
        self.lesson, self.path = lesson, [START]
        self.gradients = self.updates = self.looks = self.seen = 0

    def events(self) -> Iterator[Event]:
        yield self._event("start", (), f"{len(X)} examples wait. The dot is where the weights are.")
        for first in range(0, len(X), self.lesson.size):
            yield from self._visit(range(first, first + self.lesson.size))

    def _visit(self, batch: range) -> Iterator[Event]:
        for turn in range(self.lesson.updates):
            if self._satisfied(batch):
                break
            changes = -RATE * LINE.per_example_gradients(np.array(self.path[-1]), X[batch], Y[batch])
            yield from self._gradients(batch, turn, changes)
            yield self._updated(batch, changes)
        if self.lesson.tolerance is not None:
            yield self._looked(batch, turn)

    def _gradients(self, batch: range, turn: int, changes: np.ndarray) -> Iterator[Event]:
        for place, example in enumerate(batch, 1):
            self.gradients += 1
            self.seen = max(self.seen, example + 1)
            words = self._gradient_words(batch, example, place, turn)
            yield self._event("gradient", (example,), words, changes[:place])

    def _gradient_words(self, batch: range, example: int, place: int, turn: int) -> str:
        if turn:
            loss = number(self._loss(batch), 2)
            return (
                f"Example {example + 1} again: its loss is {loss}, still above {TOLERANCE:g}. A new gradient."
            )
        start = f"Example {example + 1} is shown. The new arrow is where its gradient pulls the weights."
        if len(batch) == 1:
            return start
        waits = "It waits" if place < len(batch) else "The batch is full"
        return f"{start} {waits}: {place} of {len(batch)}."

    def _updated(self, batch: range, changes: np.ndarray) -> Event:
        slope, offset = (np.array(self.path[-1]) + changes.mean(axis=0)).tolist()
        self.path.append((slope, offset))
        self.updates += 1
        how = "by that arrow" if len(batch) == 1 else f"by the average of the {len(batch)} arrows"
        words = f"Update {self.updates}: the weights move {how}."
        words += self._end(batch, self.lesson.tolerance is None)
        return self._event("update", tuple(batch), words, changes)

    def _looked(self, batch: range, turn: int) -> Event:
        self.looks += len(batch)
        self.seen = max(self.seen, batch[-1] + 1)
        loss = f"Example {batch[0] + 1} has a loss of {number(self._loss(batch), 2)}"
        if self._satisfied(batch):
            words = f"{loss}, at most {TOLERANCE:g}: satisfied{', with no update' if not turn else ''}."
        else:
            words = f"{loss} after {UPDATES} updates: its turn is over."
        return self._event("look", tuple(batch), words + self._end(batch, True))

    def _end(self, batch: range, over: bool) -> str:
        if not over or batch[-1] + 1 < len(X):
            return ""
        updates = f"{self.updates} update{'s' if self.updates > 1 else ''}"
        looks = f" and {self.looks} looks at the loss, each half a gradient's work" if self.looks else ""
        return f" The pass is over: {self.gradients} gradients, {updates}{looks}."

    def _satisfied(self, batch: range) -> bool:
        return self.lesson.tolerance is not None and self._loss(batch) <= self.lesson.tolerance

    def _loss(self, batch: range) -> float:
        return LINE.loss(np.array(self.path[-1]), X[batch], Y[batch])

    def _event(
        self, kind: str, now: tuple[int, ...], words: str, pile: Iterable[Sequence[float]] = ()
    ) -> Event:
        counts = self.gradients, self.updates, self.looks
        drawn = tuple((float(slope), float(offset)) for slope, offset in pile)
        return Event(kind, tuple(self.path), drawn, self.seen, now, counts, words)
