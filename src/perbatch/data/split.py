"""Which examples go to training, validation and test: drawn at random, stratified for classes."""

from __future__ import annotations

import numpy as np
from sklearn.model_selection import train_test_split

from perbatch.data.settings import PARTS, Split
from perbatch.data.source import Source
from perbatch.errors import UserError


def split_indices(source: Source, split: Split) -> dict[str, np.ndarray]:
    """Disjoint row numbers per part, in random order, the same for the same seed; surplus rows are left out.

    A UserError says which size exceeds the data, or which class is too small to be in every part.
    """
    n = len(source.X)
    _check_sizes(split, n)
    if not source.classes:
        return _draw(np.arange(n), None, split)
    _check_part_sizes(source, split)
    try:
        parts = _draw(np.arange(n), source.y, split)
    except ValueError as error:  # what is left for the last cuts has too few of a class
        raise _thin_class(source, split) from error
    k = len(source.classes)
    if any(len(np.unique(source.y[rows])) < k for rows in parts.values()):
        raise _thin_class(source, split)
    return parts


def _draw(rows: np.ndarray, y: np.ndarray | None, split: Split) -> dict[str, np.ndarray]:
    used, _ = _cut(rows, y, sum(split.sizes.values()), split.seed)
    test, rest = _cut(used, y, split.test, split.seed)
    validation, train = _cut(rest, y, split.validation, split.seed)
    return {"train": train, "validation": validation, "test": test}


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


def _check_sizes(split: Split, n: int) -> None:
    for part, size in split.sizes.items():
        if size > n:
            raise UserError(f"data.split.{part} is {size}; allowed are 1 to {n}, the number of examples")
    total = sum(split.sizes.values())
    if total > n:
        keys = " + ".join(f"data.split.{part}" for part in PARTS)
        raise UserError(f"{keys} is {total}; allowed are at most {n}, the number of examples")


def _check_part_sizes(source: Source, split: Split) -> None:
    k = len(source.classes)
    for part, size in split.sizes.items():
        if size < k:
            raise UserError(f"data.split.{part} is {size}; allowed are at least {k}, one example a class")


def _thin_class(source: Source, split: Split) -> UserError:
    members = np.bincount(source.y, minlength=len(source.classes))
    thin = int(members.argmin())
    sizes = ", ".join(f"data.split.{part}={size}" for part, size in split.sizes.items())
    return UserError(
        f"{sizes}: class {source.classes[thin]!r} has {members[thin]} of {len(source.y)} examples, "
        f"too few for a stratified split, in which every part has its share of every class and at least one"
    )
