from dataclasses import replace

import pytest
from planted import SETTINGS, contender, findings_of, planted_throughput

from perbatch.comparison.caveats import caveats

MANY = range(12)
GRID = (0.03, 0.1, 0.3)


def tuned(best=0.1, batch_size=1, seeds=MANY, rates=GRID, **settings):
    return [
        run
        for rate in rates
        for run in contender(
            50 if rate == best else 300, batch_size=batch_size, seeds=seeds, rate=rate, **settings
        )
    ]


def said(runs, **settings):
    return " ".join(caveats(findings_of(runs, **settings)))


def test_a_fair_comparison_has_none():
    assert caveats(findings_of([*tuned(), *tuned(batch_size=32)])) == []


@pytest.mark.parametrize(
    ("runs", "sentence"),
    [
        (tuned(seeds=[0, 1]), "The seeds reported (0, 1) also chose the learning rates"),
        (tuned(seeds=[0, 1, 2]), "Only one seed is reported"),
        (tuned(seeds=range(5)), "Only 3 seeds are reported"),
        (
            tuned(best=0.03),
            "the lowest one tried, so a better one may lie beyond the grid, for: stochastic (0.03)",
        ),
        (tuned(best=0.3), "the highest one tried"),
        (tuned(rates=[0.1]), "Only one learning rate was tried, so nothing was tuned, for: stochastic"),
        (
            [*tuned(), *tuned(batch_size=32, rates=(0.03, 0.1, 0.3, 1.0))],
            "not tuned over the same learning rates",
        ),
        ([*tuned(), *tuned(batch_size=32, epochs=20)], "different budgets (10 to 20 epochs)"),
        ([*tuned(), *tuned(batch_size=8)], "Mini-batch of 32, declared beforehand"),
        ([*tuned(), *tuned(batch_size=32, seeds=[20], status="failed")], "3 of 39 runs failed"),
    ],
)
def test_each_weakness_is_named(runs, sentence):
    assert sentence in said(runs)


def test_divergence_at_the_chosen_rate_is_named():
    runs = [*tuned(seeds=range(11)), *contender(50, rate=0.1, seeds=[11], status="diverged")]
    assert "diverged, which counts as the worst value: stochastic (1 of 10)" in said(runs)


def test_runs_stopped_at_a_target_are_named():
    runs = tuned()
    for run, _ in runs:
        run["presentations"] = 500
    assert "10 of the 10 runs shown stopped at a validation loss" in said(runs)


def test_missing_prices_are_named():
    nothing = planted_throughput().iloc[:0]
    assert "no row for this network (numpy, float64, 4-3-2" in said(tuned(), throughput=nothing)
    some = planted_throughput(sizes=(1, 8))
    both = [*tuned(), *tuned(batch_size=32)]
    assert "does not cover batch size 32: there the seconds are missing" in said(both, throughput=some)


def test_other_size_may_be_declared():
    runs = [*tuned(), *tuned(batch_size=8)]
    assert said(runs, settings=replace(SETTINGS, mini_batch=8)) == ""
