"""Which examples go to training, validation and test: drawn at random, within what the source binds."""

from collections.abc import Iterator, Mapping
from contextlib import suppress

import numpy as np

from perbatch.advice import split as in_parts
from perbatch.data.draws import draw, draw_groups, draw_nested
from perbatch.data.problems import listed
from perbatch.data.settings import PARTS, Split
from perbatch.data.source import Source
from perbatch.errors import UserError


def split_indices(source: Source, split: Split) -> dict[str, np.ndarray]:
    """Disjoint row numbers per part, in random order, the same for the same seed; surplus rows are left out.

    Stratified for classes. Groups stay whole, the first cut to its size; a published test part stays one.
    A UserError says which size exceeds the data, or which class is too small to be in every part, and which
    sizes can be had.
    """
    try:
        return _drawn(source, split)
    except UserError as error:
        raise UserError(f"{error}; {advice(source, split.sizes, split.seed)}") from None


def advice(source: Source, wanted: Mapping[str, object], seed: int) -> str:
    """Sizes that were tried and give a split, as near to those wanted as can be; or that there are none."""
    given = ((part, wanted.get(part)) for part in PARTS)  # a seed may stand beside them
    numbers = {part: size for part, size in given if type(size) is int and size > 0}
    for sizes in _candidates(source, numbers):
        with suppress(UserError):
            if min(sizes.values()) > 0:
                _drawn(source, Split(**sizes, seed=seed))
                return f"these sizes work: {in_parts({part: sizes[part] for part in PARTS})}"
    if source.classes:
        members = np.bincount(source.y, minlength=len(source.classes))
        small = [source.classes[label] for label in np.flatnonzero(members < len(PARTS))]
        if small:
            named = listed([repr(name) for name in small])
            return f"a class needs at least {len(PARTS)} examples, one a part, and these have fewer: {named}"
    return "no split of these examples into three parts was found"


def _candidates(source: Source, wanted: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """Sizes to try: what is wanted with the rest for training, then its shares, then usual shares."""
    k = max(1, len(source.classes))
    published = 0 if source.for_test is None else int(source.for_test.sum())
    n = len(source.y) - published

    def fitted(shares: Mapping[str, float], whole: float) -> dict[str, int]:
        inner = sum(share for part, share in shares.items() if part != "test" or not published)
        sizes = {part: max(k, int(whole * n * share / inner)) for part, share in shares.items()}
        if published:
            sizes["test"] = min(published, int(wanted.get("test", published)))
        return sizes

    usual = {"train": 0.6, "validation": 0.2, "test": 0.2}
    if len(wanted) == len(PARTS):
        rest = n - wanted["validation"] - (0 if published else wanted["test"])
        yield {"train": min(wanted["train"], rest), **{part: wanted[part] for part in PARTS[1:]}}
        yield fitted(wanted, 1.0)
    for whole in (1.0, 0.9, 0.7, 0.5):
        yield fitted(usual, whole)
        yield fitted(dict.fromkeys(PARTS, 1 / 3), whole)
    yield {part: k for part in PARTS}


def _drawn(source: Source, split: Split) -> dict[str, np.ndarray]:
    _check_sizes(source, split)
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
    k = len(source.classes)
    if k and any(len(np.unique(source.y[rows])) < k for rows in parts.values()):
        raise _thin_class(source, split)
    return parts


def _check_sizes(source: Source, split: Split) -> None:
    n, k = len(source.y), len(source.classes)
    for part, size in split.sizes.items():
        if size > n:
            raise UserError(f"data.split.{part} is {size}; allowed are 1 to {n}, the number of examples")
    if source.for_test is None:
        _check_total(split, PARTS, n, "the number of examples")
    else:
        for_test = int(source.for_test.sum())
        _check_total(split, ("test",), for_test, "the examples published for testing")
        _check_total(split, ("train", "validation"), n - for_test, "the examples published for training")
    for part, size in split.sizes.items():
        if size < k:
            raise UserError(f"data.split.{part} is {size}; allowed are at least {k}, one example a class")


def _check_total(split: Split, parts: tuple[str, ...], most: int, what: str) -> None:
    total = sum(split.sizes[part] for part in parts)
    if total > most:
        keys = " + ".join(f"data.split.{part}" for part in parts)
        raise UserError(f"{keys} is {total}; allowed are at most {most}, {what}")


def _thin_class(source: Source, split: Split) -> UserError:
    members = np.bincount(source.y, minlength=len(source.classes))
    thin = int(members.argmin())
    sizes = ", ".join(f"data.split.{part}={size}" for part, size in split.sizes.items())
    return UserError(
        f"{sizes}: class {source.classes[thin]!r} has {members[thin]} of {len(source.y)} examples, "
        f"too few for a stratified split, in which every part has its share of every class and at least one"
    )
