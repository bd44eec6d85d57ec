"""Every sentence that the two answers can say, each with the table that makes it say so."""

import numpy as np
import pytest

from perbatch.analysis.contrasts import ContrastVerdict, contrast
from perbatch.report.answers import (
    ABSENT,
    ALL_DIVERGED,
    ONE_SIZE,
    answer_elsewhere,
    answer_repeat,
    answer_scores,
    answer_seconds,
    answer_when,
    retention,
)
from planted import N, contender, planted_throughput, results_of, usual_runs

NO_PRICE = planted_throughput().iloc[:0]


def noisy(value):
    """Reach `value` give or take so much that seeds differ more than modes do."""
    return lambda seed: int(value * (0.6, 1.0, 1.7, 0.7, 1.2)[seed])


def two_sizes(small, large, **settings):
    return results_of([*contender(small, **settings), *contender(large, batch_size=N, **settings)])


def repeat_and_plain(repeat, plain, throughput=None, **settings):
    again = contender(repeat, n=10, tolerance=0.1, checks=2.0, **settings)
    return results_of([*contender(plain, **settings), *again], throughput)


WHEN = [
    (
        lambda s: 60 + s,
        lambda s: 800 + s,
        {},
        ContrastVerdict.LESS,
        "12.7 times fewer epochs than updating once per pass",
    ),
    (
        lambda s: 800 + s,
        lambda s: 100 + s,
        {},
        ContrastVerdict.MORE,
        "was not the faster way here: it took 7.8 times more",
    ),
    (
        noisy(310),
        lambda s: 300 + s,
        {},
        ContrastVerdict.SAME,
        "No difference was shown between updating after every example",
    ),
    (
        60,
        800,
        {"seeds": [0]},
        ContrastVerdict.SINGLE,
        "with one seed: there is no interval, so this is an example",
    ),
    (
        60,
        None,
        {},
        ContrastVerdict.FIRST_ONLY,
        "did not get there in the 10 epochs it was given (0 of 3 seeds)",
    ),
    (None, 800, {}, ContrastVerdict.SECOND_ONLY, "Updating once per pass over all 100 examples brought"),
    (
        lambda s: None if s == 3 else 60,
        800,
        {},
        ContrastVerdict.PARTLY,
        "with 2 of 3 seeds (median 0.6 epochs)",
    ),
    (
        None,
        None,
        {"final": 0.5},
        ContrastVerdict.NEITHER,
        "Neither updating after every example nor updating once per pass",
    ),
]


@pytest.mark.parametrize(("small", "large", "settings", "verdict", "said"), WHEN)
def test_when(small, large, settings, verdict, said):
    answer = answer_when(two_sizes(small, large, **settings))
    assert answer.verdict == verdict
    assert said in answer.sentence


def test_usual_answer_has_both_numbers_the_interval_its_kind_and_n():
    sentence = answer_when(results_of(usual_runs())).sentence
    assert "0.63 against 8.03 epochs" in sentence
    assert "95 % t-interval of the ratio 12.3 to 13.2, paired by seed, n = 3" in sentence


def test_neither_gives_the_final_losses():
    answer = answer_when(two_sizes(None, None, final=0.5))
    assert "at the end of training it was 0.5 and 0.5" in answer.sentence


def test_one_batch_size_compares_nothing():
    answer = answer_when(results_of(contender(64, batch_size=32)))
    assert answer.verdict == ONE_SIZE
    assert "one batch size (M = 32)" in answer.sentence
    assert "took 0.64 epochs to reach a validation loss of 0.2 (3 of 3 seeds)" in answer.sentence


def test_only_repeated_runs_compare_nothing():
    assert answer_when(results_of(contender(60, n=10))).verdict == ABSENT


def test_all_diverged():
    lost = {"reach": None, "status": "diverged"}
    runs = [*contender(**lost), *contender(**lost, batch_size=N), *contender(**lost, n=10, tolerance=0.1)]
    results = results_of(runs)
    assert answer_when(results).verdict == ALL_DIVERGED
    assert answer_repeat(results).verdict == ALL_DIVERGED


REPEAT = [
    (
        lambda s: 50 + s,
        lambda s: 60 + s,
        ContrastVerdict.MORE,
        "Repeating each example until its loss was at most 0.1 (at most 10",
    ),
    (
        lambda s: 5 + s,
        lambda s: 700 + 3 * s,
        ContrastVerdict.LESS,
        "times fewer evaluations of the network than visiting each example once",
    ),
    (
        noisy(60),
        lambda s: 650 + s,
        ContrastVerdict.SAME,
        "No difference was shown between repeating each example",
    ),
    (None, 60, ContrastVerdict.SECOND_ONLY, "Visiting each example once per epoch brought"),
    (
        60,
        None,
        ContrastVerdict.FIRST_ONLY,
        "Repeating each example until its loss was at most 0.1 (at most 10 updates) brought",
    ),
    (None, None, ContrastVerdict.NEITHER, "Neither repeating"),
    (
        60,
        lambda s: None if s == 3 else 60,
        ContrastVerdict.PARTLY,
        "visiting each example once per epoch with 2 of 3 seeds",
    ),
]


@pytest.mark.parametrize(("repeat", "plain", "verdict", "said"), REPEAT)
def test_repeat(repeat, plain, verdict, said):
    answer = answer_repeat(repeat_and_plain(repeat, plain, final=0.5))
    assert answer.verdict == verdict
    assert said in answer.sentence


def test_repeat_with_one_seed():
    assert answer_repeat(repeat_and_plain(50, 60, seeds=[3])).verdict == ContrastVerdict.SINGLE


def test_repeat_is_not_compared_across_batch_sizes():
    results = results_of([*contender(60), *contender(60, batch_size=8, n=10)])
    assert answer_repeat(results).verdict == ABSENT


def test_no_repeat():
    assert answer_repeat(results_of(contender(60))).verdict == ABSENT
    assert retention(results_of(contender(60))) == ""


def test_repeat_speaks_by_the_tolerance_that_tuned_best():
    runs = [*contender(60), *contender(90, n=10, tolerance=0.5), *contender(40, n=10, tolerance=0.01)]
    assert "at most 0.01 (" in answer_repeat(results_of(runs)).sentence


def test_fixed_repeats_name_no_tolerance():
    answer = answer_repeat(results_of([*contender(60), *contender(lambda s: 60 + s, n=10)]))
    assert answer.sentence.startswith("Repeating each example 10 times was not the faster way")


def test_retention_is_at_the_end_of_the_first_epoch():
    assert retention(results_of(usual_runs())) == (
        "At the end of the first epoch 90\u00a0% of the examples had been satisfied when left, "
        "and 70\u00a0% still were (mean over 3 seeds)."
    )


def test_seconds_of_the_declared_mini_batch():
    assert "Mini-batch of 32 is the faster of the first two by a factor of 3.6" in answer_seconds(
        results_of(usual_runs())
    )
    assert answer_seconds(results_of(usual_runs(), NO_PRICE)) == ""
    slow = [*contender(lambda s: 10 + s), *contender(lambda s: 500 + s, batch_size=32)]
    assert "Stochastic is the faster of the first two" in answer_seconds(results_of(slow))


def test_other_batch_sizes_are_counted():
    runs = []
    for size, repeat in ((1, lambda s: 600 + s), (8, lambda s: 8 + s), (32, None)):
        runs += contender(lambda s: 200 + s, batch_size=size)
        runs += contender(repeat, batch_size=size, n=10, tolerance=0.1)
    text = answer_elsewhere(results_of(runs))
    assert "all 3 batch sizes that were run both ways, repeating took fewer evaluations" in text
    assert "at 1, more at 2" in text
    assert answer_elsewhere(results_of(usual_runs())) == ""


@pytest.mark.parametrize(("regression", "unit"), [(False, "percentage points"), (True, "R²")])
def test_scores_at_the_end(regression, unit):
    runs = [
        *contender(60, final=lambda s: 0.1 + s / 1000, regression=regression),
        *contender(800, batch_size=N, final=lambda s: 0.15 + s / 500, regression=regression),
    ]
    text = answer_scores(results_of(runs))
    assert unit in text
    assert ": a difference (95 % t-interval" in text
    assert ("accuracy" in text) is not regression


def test_equal_scores_show_no_difference():
    runs = [
        *contender(60, final=lambda s: 0.1 + s / 50),
        *contender(800, batch_size=N, final=lambda s: 0.2 - s / 50),
    ]
    assert "no difference shown" in answer_scores(results_of(runs))


TEN = range(12)


def some(reached, at):
    """Reached by all tuning seeds, and by the first `reached` of the ten others."""
    return lambda seed: at + seed if seed < 2 + reached else None


@pytest.mark.parametrize(
    ("small", "large", "verdict", "said"),
    [
        (
            some(10, 60),
            some(7, 700),
            ContrastVerdict.LESS,
            "to 0.2: 10 of 10 seeds got there against 7 of 10 seeds (95 % order-statistic interval of the "
            "median ratio",
        ),
        (
            some(10, 60),
            some(4, 700),
            ContrastVerdict.LESS,
            "Updating after every example took at least 11 times",
        ),
        (some(7, 700), some(10, 60), ContrastVerdict.MORE, "was not the faster way here: it took"),
        (
            some(4, 60),
            some(4, 700),
            ContrastVerdict.SAME,
            "No difference was shown between updating after every example",
        ),
    ],
)
def test_unreached_seeds_are_part_of_the_verdict_where_the_seeds_are_many(small, large, verdict, said):
    answer = answer_when(two_sizes(small, large, seeds=TEN, final=None))
    assert answer.verdict == verdict
    assert said in answer.sentence
    assert "paired by seed, n = 10; " in answer.sentence
    assert "nan" not in answer.sentence
    assert "inf" not in answer.sentence.replace("infinite", "")


@pytest.mark.parametrize(
    ("small", "large", "said"),
    [
        (
            lambda s: 60 + s,
            lambda s: 800 + s,
            "; probability of improvement 100\u00a0%, 69.2\u00a0% to 100\u00a0%)",
        ),
        (
            lambda s: 800 + s,
            lambda s: 60 + s,
            "; probability of improvement 100\u00a0%, 69.2\u00a0% to 100\u00a0%)",
        ),
        (
            lambda s: 150 + 100 * (s % 2),
            lambda s: 250 - 100 * (s % 2),
            "n = 10; probability that the former needs less 50\u00a0%, 18.7\u00a0% to 81.3\u00a0%)",
        ),
    ],
)
def test_probability_of_improvement_is_of_the_one_that_is_said_to_be_better(small, large, said):
    assert said in answer_when(two_sizes(small, large, seeds=TEN)).sentence


def test_contrast_is_paired_by_seed():
    """Seeds differ a hundredfold, the modes by a factor of two within each: pairing shows it."""
    results = two_sizes(lambda s: 2 * 3**s, lambda s: 4 * 3**s)
    found = contrast(results, results.comparison.iloc[0], results.comparison.iloc[1], "epochs")
    assert found.verdict == ContrastVerdict.LESS
    assert found.factor.value == pytest.approx(2)
    assert np.isfinite(found.factor.low)
