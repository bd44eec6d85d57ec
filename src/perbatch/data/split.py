"""Which examples go to training, validation and test: drawn at random, within what the source binds."""

from __future__ import annotations

import numpy as np

from perbatch.data.draws import draw, draw_groups, draw_nested
from perbatch.data.settings import PARTS, Split
from perbatch.data.source import Source
from perbatch.errors import UserError


def split_indices(source: Source, split: Split) -> dict[str, np.ndarray]:
    """Disjoint row numbers per part, in random order, the same for the same seed; surplus rows are left out.

    Stratified for classes. Groups stay whole, the first cut to its size; a published test part stays one.
    A UserError says which size exceeds the data, or which class is too small to be in every part.
    """
    _check_sizes(source, split)
    if source.classes:
        _check_part_sizes(source, split)
    labels = source.y if source.classes else None
    if source.for_test is not None:
        parts = draw_nested(source.for_test, labels, split)
    elif source.groups is not None:
        parts = draw_groups(source.groups, split)
    else:
        try:
            parts = draw(np.arange(len(source.y)), labels, split)
        except ValueError as error:  # what is left for the last cuts has too few of a class
            raise _thin_class(source, split) from error
    if source.classes and any(not _all_classes(source, rows) for rows in parts.values()):
        raise _thin_class(source, split)
    return parts


def _all_classes(source: Source, rows: np.ndarray) -> bool:
    return len(np.unique(source.y[rows])) == len(source.classes)


def _check_sizes(source: Source, split: Split) -> None:
    n = len(source.y)
    for part, size in split.sizes.items():
        if size > n:
            raise UserError(f"data.split.{part} is {size}; allowed are 1 to {n}, the number of examples")
    if source.for_test is None:
        _check_total(split, PARTS, n, "the number of examples")
        return
    for_test = int(source.for_test.sum())
    _check_total(split, ("test",), for_test, "the examples published for testing")
    _check_total(split, ("train", "validation"), n - for_test, "the examples published for training")


def _check_total(split: Split, parts: tuple[str, ...], most: int, what: str) -> None:
    total = sum(split.sizes[part] for part in parts)
    if total > most:
        keys = " + ".join(f"data.split.{part}" for part in parts)
        raise UserError(f"{keys} is {total}; allowed are at most {most}, {what}")


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
