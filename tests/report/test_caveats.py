import re
from dataclasses import replace

import pandas as pd
import pytest
import yaml

from perbatch.analysis.searched import Searched
from perbatch.report.caveats import caveats
from perbatch.timing import check_settings, measure
from planted import SETTINGS, contender, planted_throughput, results_of

MANY = range(12)
GRID = (0.03, 0.1, 0.3)


def tuned(best=0.1, batch_size=1, seeds=MANY, rates=GRID, **settings):
    """The rate `best` gets to the target first, and lowest in the end."""
    runs = []
    for rate in rates:
        reach, final = (50, 0.1) if rate == best else (300, 0.15)
        runs += contender(reach, batch_size=batch_size, seeds=seeds, rate=rate, final=final, **settings)
    return runs


def said(runs, **settings):
    return " ".join(caveats(results_of(runs, **settings)))


def test_a_fair_comparison_has_none():
    assert caveats(results_of([*tuned(), *tuned(batch_size=32)])) == []


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
            "over the same learning rates: 0.03, 0.1, 0.3 for stochastic, but 0.03, 0.1, 0.3, 1 for mini",
        ),
        (
            [*tuned(), *tuned(batch_size=32, rates=(0.1, 0.3, 1.0))],  # as many, but others
            "0.03, 0.1, 0.3 for stochastic, but 0.1, 0.3, 1 for mini-batch of 32.",
        ),
        (
            [*tuned(), *tuned(batch_size=32, epochs=20)],
            "different budgets: 10 epochs for stochastic, but 20 epochs for mini-batch of 32.",
        ),
        (
            [*tuned(), *tuned(batch_size=32, seeds=range(1, 12))],
            "equally many seeds: 2 seeds a rate for stochastic, but 1 seed a rate for mini-batch of 32.",
        ),
        (
            [*tuned(), *tuned(n=3, tolerance=0.1), *tuned(n=9, tolerance=0.1), *tuned(n=1, tolerance=0.1)],
            "at M = 1 was tuned over 2 settings of n and tolerance besides the rate, so it had 2 times",
        ),
        ([*tuned(), *tuned(batch_size=8)], "Mini-batch of 32, declared beforehand"),
        ([*tuned(), *tuned(batch_size=32, seeds=[20], status="failed")], "3 of 39 runs failed"),
    ],
)
def test_each_weakness_is_named(runs, sentence):
    assert sentence in said(runs)


def test_more_seeds_at_another_rate_than_the_chosen_one_are_told_where_they_belong():
    more = dict(seeds=range(12, 20), final=0.1)
    fair = [*tuned(), *tuned(batch_size=32)]
    assert caveats(results_of([*fair, *contender(50, rate=0.1, **more)])) == []
    text = said([*fair, *contender(50, rate=0.03, **more)])
    assert "where they count for nothing, for: stochastic (0.1)" in text
    line = re.search(r"under train\.grids: (\{.*\})\.$", text)[1]
    assert yaml.safe_load(line) == {
        "batch_size": 1,
        "learning_rate": 0.1,
        "seed": "range(12,20)",
        "repeat.updates_per_batch": 1,
        "repeat.tolerance": None,
    }


def test_divergence_at_the_chosen_rate_is_named():
    runs = [*tuned(seeds=range(11)), *contender(50, rate=0.1, seeds=[11], status="diverged")]
    assert "which counts as the worst value: stochastic (1 of 10)" in said(runs)


def test_runs_stopped_at_a_target_are_named():
    runs = tuned()
    for run, _ in runs:
        run["presentations"] = 500
    assert "10 of the 10 runs shown stopped at a validation loss" in said(runs)


@pytest.mark.types("time")
def test_missing_prices_are_named():
    nothing = planted_throughput().iloc[:0]
    text = said(tuned(), throughput=nothing)
    assert "no row for this network with the engine numpy in float64" in text
    found = re.search(r"benchmark\.networks (\{.*?\})", text)
    assert found is not None
    block = {"networks": [yaml.safe_load(found[1])], "dtype": ["float64"], "engine": ["numpy"]}
    block |= {"batch_size": [1, 8], "micro_batch_size": [4], "repeats": 1}
    table = pd.DataFrame(measure(check_settings(block)))
    assert "no seconds" not in said(tuned(), throughput=table)
    some = planted_throughput(sizes=(1, 8))
    both = [*tuned(), *tuned(batch_size=32)]
    assert "does not cover batch size 32: there the seconds are missing" in said(both, throughput=some)


def test_other_size_may_be_declared():
    runs = [*tuned(), *tuned(batch_size=8)]
    assert said(runs, settings=replace(SETTINGS, mini_batch=8)) == ""


def falling(lowest, final, **settings):
    """Runs whose validation loss ends at `final` after a lowest value of `lowest`."""
    runs = []
    for run, history in contender(None, final=final, seeds=MANY, **settings):
        halfway = history["presentations"] == history["presentations"].iloc[len(history) // 2]
        runs.append((run, history.assign(validation_loss=history["validation_loss"].where(~halfway, lowest))))
    return runs


def test_a_target_below_a_modes_floor_is_no_measure_of_speed():
    text = said([*tuned(), *falling(0.3, 0.4, batch_size=32), *falling(0.25, 0.22, batch_size=8)])
    assert "A validation loss of 0.2 was out of reach, whatever the rate, for: " in text
    assert "mini-batch of 32 (lowest 0.3, then rising: more epochs do not help)" in text
    assert "mini-batch of 8 (lowest 0.22 at the end: more epochs may help)" in text
    assert "stochastic (lowest" not in text


def test_edges_at_other_targets_and_at_the_end_are_named_too():
    runs = []
    for rate, reach, final in ((0.1, 50, 0.15), (0.3, 20, 0.14), (1.0, 90, 0.1)):
        runs += contender(reach, seeds=MANY, rate=rate, final=final)
    settings = replace(SETTINGS, target={"digits": (0.2, 0.16)})  # 0.16 is reached in the end only
    assert "the highest one tried, so a better one may lie beyond the grid, for: stochastic (1)" in said(
        runs, settings=settings
    )
    assert "beyond the grid" not in said([*tuned()])


def test_a_search_is_judged_by_its_interval_and_may_try_other_rates_in_each_mode():
    interval = Searched("tpe", trials=3, low=0.01, high=1.0, log=True)
    other = tuned(best=0.2, rates=(0.02, 0.2, 0.4), batch_size=32)
    assert caveats(results_of([*tuned(), *other], searched=interval)) == []
    assert "not tuned over the same learning rates" in said([*tuned(), *other])
    assert (
        "The chosen rate is near the high end, so a better one may lie beyond the interval, for: "
        "stochastic (0.7)"
    ) in said(tuned(best=0.7, rates=(0.1, 0.7, 0.9)), searched=interval)
