import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perbatch.data import Source
from perbatch.data.settings import PARTS, Split
from perbatch.data.split import split_indices
from perbatch.errors import UserError


@pytest.mark.parametrize("sizes", [(20, 10, 10), (20, 10, 9), (10, 5, 5), (3, 3, 3), (34, 3, 3)])
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_parts_have_their_sizes_and_share_no_example(
    make_source: Callable[..., Source],
    make_labels: Callable[..., np.ndarray],
    sizes: tuple[int, int, int],
    task: str,
) -> None:
    source = make_source(make_labels(16, 12, 12), ("a", "b", "c"))
    if task == "regression":
        source = make_source(np.arange(40.0))
    parts = split_indices(source, Split(*sizes, seed=0))
    assert tuple(len(parts[part]) for part in PARTS) == sizes
    assert len(np.unique(np.concatenate(list(parts.values())))) == sum(sizes)


def test_every_class_keeps_its_share(
    make_source: Callable[..., Source], make_labels: Callable[..., np.ndarray]
) -> None:
    source = make_source(make_labels(200, 100, 50), ("a", "b", "c"))
    parts = split_indices(source, Split(175, 70, 70, seed=3))
    for rows in parts.values():
        shares = np.bincount(source.y[rows]) / len(rows)
        assert np.abs(shares - np.array([200, 100, 50]) / 350).max() <= 1 / len(rows)


def test_the_seed_alone_decides_the_draw(classification: Source, regression: Source) -> None:
    for source in (classification, regression):
        first, again, other = (split_indices(source, Split(20, 8, 8, seed)) for seed in (0, 0, 1))
        assert all(np.array_equal(first[part], again[part]) for part in PARTS)
        assert not np.array_equal(first["train"], other["train"])


def test_training_examples_are_not_in_the_source_order(regression: Source) -> None:
    assert np.any(np.diff(split_indices(regression, Split(20, 10, 10, seed=0))["train"]) < 0)


@pytest.mark.parametrize(
    ("sizes", "sentence"),
    [
        ((41, 8, 8), "data.split.train is 41; allowed are 1 to 40, the number of examples"),
        ((20, 8, 99), "data.split.test is 99; allowed are 1 to 40, the number of examples"),
        (
            (20, 11, 10),
            "data.split.train + data.split.validation + data.split.test is 41; allowed are at most 40",
        ),
        ((20, 2, 8), "data.split.validation is 2; allowed are at least 3, one example a class"),
    ],
)
def test_sizes_that_the_data_do_not_allow(
    sizes: tuple[int, int, int], sentence: str, classification: Source
) -> None:
    with pytest.raises(UserError, match=f"^{re.escape(sentence)}"):
        split_indices(classification, Split(*sizes, seed=0))


@pytest.mark.parametrize("members", [0, 1, 2])
def test_a_class_too_small_for_every_part_is_named(
    make_source: Callable[..., Source], make_labels: Callable[..., np.ndarray], members: int
) -> None:
    source = make_source(make_labels(20, 20, members), ("a", "b", "rare"))
    with pytest.raises(
        UserError, match=rf"class 'rare' has {members} of {40 + members} examples, too few for a strat"
    ):
        split_indices(source, Split(20, 8, 8, seed=0))


@given(st.lists(st.integers(0, 12), min_size=2, max_size=4), st.tuples(*[st.integers(1, 20)] * 3))
@settings(max_examples=60, deadline=None)
def test_any_sizes_give_a_split_with_every_class_or_a_sentence(
    make_source: Callable[..., Source],
    make_labels: Callable[..., np.ndarray],
    members: list[int],
    sizes: tuple[int, int, int],
) -> None:
    if np.count_nonzero(members) < 2:
        return
    source = make_source(make_labels(*members), tuple("abcd"[: len(members)]))
    try:
        parts = split_indices(source, Split(*sizes, seed=0))
    except UserError:
        return
    assert tuple(len(parts[part]) for part in PARTS) == sizes
    assert all(set(source.y[rows]) == set(range(len(members))) for rows in parts.values())


def test_no_group_is_in_two_parts_and_other_seeds_redraw_them(
    make_source: Callable[..., Source],
) -> None:
    groups = np.repeat(np.arange(20), 6)  # twenty drawers of six letters each
    source = make_source(np.tile(np.arange(6), 20), tuple("abcdef"), groups=groups)
    tested = set()
    for seed in range(5):
        parts = split_indices(source, Split(train=80, validation=18, test=18, seed=seed))
        assert [len(parts[part]) for part in PARTS] == [80, 18, 18]
        members = [set(groups[rows]) for rows in parts.values()]
        assert [len(some) for some in members] == [14, 3, 3]
        assert not (members[0] & members[1] or members[0] & members[2] or members[1] & members[2])
        tested.add(tuple(sorted(members[2])))
    assert len(tested) > 1


def test_groups_that_do_not_go_round(make_source: Callable[..., Source]) -> None:
    source = make_source(np.tile(np.arange(2), 20), ("a", "b"), groups=np.repeat([0, 1, 2], [20, 10, 10]))
    with pytest.raises(UserError, match=r"^data\.split\.train is 21; no group may be in two parts"):
        split_indices(source, Split(train=21, validation=5, test=5, seed=0))
    with pytest.raises(UserError, match=r"^data\.split\.(train|validation) is"):
        split_indices(make_source(np.arange(40.0), groups=np.zeros(40, int)), Split(10, 10, 10, seed=0))


@pytest.mark.parametrize("seed", [0, 1])
def test_a_published_test_part_stays_one_and_smaller_parts_begin_larger_ones(
    make_source: Callable[..., Source], make_labels: Callable[..., np.ndarray], seed: int
) -> None:
    y = make_labels(300, 200, 100)
    for_test = np.arange(600) % 6 == 0
    source = make_source(y, ("a", "b", "c"), for_test=for_test)
    whole = split_indices(source, Split(train=400, validation=100, test=100, seed=seed))
    assert for_test[whole["test"]].all() and not for_test[np.r_[whole["train"], whole["validation"]]].any()
    assert len(np.unique(np.concatenate(list(whole.values())))) == 600
    less = split_indices(source, Split(train=90, validation=30, test=12, seed=seed))
    for part, rows in less.items():
        assert np.array_equal(rows, whole[part][: len(rows)])
        shares = np.bincount(y[rows], minlength=3) / len(rows)
        assert np.abs(shares - np.array([3, 2, 1]) / 6).max() <= 2 / len(rows)


def test_more_than_was_published_for_a_part(classification: Source) -> None:
    source = replace(classification, for_test=np.arange(40) < 10)
    with pytest.raises(
        UserError, match=r"^data\.split\.test is 11; allowed are at most 10, the examples publ"
    ):
        split_indices(source, Split(10, 10, 11, seed=0))
    with pytest.raises(
        UserError, match=r"^data\.split\.train \+ data\.split\.validation is 31; .* at most 30"
    ):
        split_indices(source, Split(20, 11, 10, seed=0))
