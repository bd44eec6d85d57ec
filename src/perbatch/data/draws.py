"""Three ways to draw the parts: freely, whole groups at a time, and within a published test part."""

import numpy as np
from sklearn.model_selection import train_test_split

from perbatch.data.settings import Split
from perbatch.errors import UserError

Rows = dict[str, np.ndarray]


def draw(rows: np.ndarray, y: np.ndarray | None, split: Split) -> Rows:
    """Any row may be in any part, stratified by `y` if given; a ValueError where a class is too small."""
    used, _ = _cut(rows, y, sum(split.sizes.values()), split.seed)
    test, rest = _cut(used, y, split.test, split.seed)
    validation, train = _cut(rest, y, split.validation, split.seed)
    return {"train": train, "validation": validation, "test": test}


def draw_groups(groups: np.ndarray, split: Split) -> Rows:
    """No group is in two parts: test and validation take as many as they need, training has the others.

    Each part is then cut to its size at random. A UserError where the groups do not go round.
    """
    rng = np.random.default_rng(split.seed)
    numbers, sizes = np.unique(groups, return_counts=True)
    order = rng.permutation(len(numbers))
    filled = np.cumsum([0, *sizes[order]])
    parts: Rows = {}
    first = 0
    for part in ("test", "validation", "train"):
        size = split.sizes[part]
        last = len(numbers) if part == "train" else int(np.searchsorted(filled, filled[first] + size))
        rows = np.flatnonzero(np.isin(groups, numbers[order[first:last]]))
        if len(rows) < size:
            raise UserError(
                f"data.split.{part} is {size}; no group may be in two parts, and the groups that are left "
                f"for this one have {len(rows)} of {len(groups)} examples"
            )
        parts[part] = rng.permutation(rows)[:size]
        first = last
    return {part: parts[part] for part in split.sizes}


def draw_nested(for_test: np.ndarray, y: np.ndarray | None, split: Split) -> Rows:
    """Test from the rows `for_test`, the others from the rest; a smaller part is the beginning of a larger.

    Training is the beginning of one stratified order and validation its end: neither depends on the
    other's size.
    """
    rng = np.random.default_rng(split.seed)
    rest = _stratified_order(np.flatnonzero(~for_test), y, rng)
    test = _stratified_order(np.flatnonzero(for_test), y, rng)
    return {
        "train": rest[: split.train],
        "validation": rest[::-1][: split.validation],
        "test": test[: split.test],
    }


def _stratified_order(rows: np.ndarray, y: np.ndarray | None, rng: np.random.Generator) -> np.ndarray:
    """The rows in a random order of which every stretch has about its share of every class."""
    shuffled = rng.permutation(rows)
    if y is None:
        return shuffled
    place = np.empty(len(rows))
    for label in np.unique(y[rows]):
        mine = np.flatnonzero(y[shuffled] == label)
        # A member of a class of m somewhere in each m-th of the whole: spread out, yet not in step.
        place[mine] = (np.arange(len(mine)) + rng.random(len(mine))) / len(mine)
    return shuffled[np.argsort(place, kind="stable")]


def _cut(rows: np.ndarray, y: np.ndarray | None, size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """`size` of the rows, and the others."""
    left = len(rows) - size
    if left == 0:
        return rows, rows[:0]
    # A remainder smaller than the number of classes cannot be stratified, and need not be.
    stratify = y[rows] if y is not None and left >= len(np.unique(y)) else None
    first, second = train_test_split(
        rows, train_size=size, test_size=left, random_state=seed, stratify=stratify
    )
    return first, second
