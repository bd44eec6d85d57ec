import numpy as np
import pytest

from perbatch.analysis import build_sweep, choose_rates, reported_runs
from perbatch.analysis.tuning import split_seeds
from planted import SETTINGS, Y_TRAIN, contender, planted_run, planted_tables, planted_throughput


def choice_of(runs, **settings):
    sweep = build_sweep(planted_tables(runs, **settings), SETTINGS, Y_TRAIN)
    return sweep, choose_rates(sweep)


def test_rate_is_chosen_by_tuning_seeds_alone():
    """Rate 0.1 is best on the tuning seeds (0, 1), rate 0.3 on all others."""
    runs = [
        *contender(lambda s: 40 if s < 2 else 900, rate=0.1),
        *contender(lambda s: 50 if s < 2 else 10, rate=0.3, final=0.01),
    ]
    sweep, choices = choice_of(runs)
    assert choices["learning_rate"].tolist() == [0.1]
    shown = reported_runs(sweep, choices)
    assert shown["seed"].tolist() == [2, 3, 4]
    assert set(shown["learning_rate"]) == {0.1}


def test_a_rate_that_one_tuning_seed_does_not_reach_loses():
    runs = [*contender(lambda s: 10 if s else None, rate=0.1), *contender(500, rate=0.3)]
    assert choice_of(runs)[1]["learning_rate"].tolist() == [0.3]


def test_none_reached_goes_to_the_lowest_final_loss_and_divergence_is_the_worst():
    runs = [
        *contender(None, rate=0.1, final=0.9),
        *contender(None, rate=0.3, final=0.5),
        *contender(None, rate=1.0, status="diverged"),
    ]
    assert choice_of(runs)[1]["learning_rate"].tolist() == [0.3]


REVERSED = planted_throughput().assign(gradient_us=1.0, forward_us=1000.0)


@pytest.mark.parametrize("throughput", [None, planted_throughput().iloc[:0], REVERSED])
@pytest.mark.parametrize(("checks", "chosen"), [(3.0, 0.1), (5.0, 0.3)])
def test_a_forward_pass_counts_as_half_a_gradient_whatever_it_costs(throughput, checks, chosen):
    """At rate 0.1 50 gradients and 75 or 125 forward passes, at rate 0.3 100 gradients and none."""
    runs = [
        *contender(25, rate=0.1, n=2, tolerance=0.1, checks=checks),
        *contender(50, rate=0.3, n=2, tolerance=0.1),
    ]
    _, choices = choice_of(runs, throughput=throughput)
    assert choices["learning_rate"].tolist() == [chosen]


@pytest.mark.parametrize(("best", "edge"), [(0.1, "low"), (0.3, ""), (1.0, "high")])
def test_edge_of_the_grid_is_named(best, edge):
    runs = [run for rate in (0.1, 0.3, 1.0) for run in contender(20 if rate == best else 90, rate=rate)]
    _, choices = choice_of(runs)
    assert choices["rate_at_edge"].tolist() == [edge]
    assert choices["rates_tried"].tolist() == [3]


def test_grid_of_a_contender_is_its_own():
    runs = [
        *contender(20, rate=0.3),
        *contender(40, batch_size=32, rate=0.1),
        *contender(20, batch_size=32, rate=0.3),
        *contender(40, batch_size=32, rate=1.0),
    ]
    assert choice_of(runs)[1]["rate_at_edge"].tolist() == ["only", ""]


def test_contenders_are_apart_by_repeats_and_tolerance():
    runs = [
        *contender(20, n=10, tolerance=0.1),
        *contender(20, n=10),
        *contender(20, n=5, tolerance=0.1),
        *contender(20, batch_size=8),
    ]
    choices = choice_of(runs)[1]
    assert choices["mode"].tolist() == ["mini-batch", "repeat", "repeat", "repeat"]
    assert choices["contender"].is_unique


@pytest.mark.parametrize("seeds", [[0], [0, 1], [5, 6, 7]])
def test_where_one_part_would_be_empty_all_seeds_do_both(seeds):
    sweep, choices = choice_of(contender(20, seeds=seeds))
    assert split_seeds(sweep).reported == tuple(seeds)
    assert not split_seeds(sweep).apart
    assert len(reported_runs(sweep, choices)) == len(seeds)


def test_failed_runs_choose_nothing_and_show_nothing():
    runs = [*contender(20, rate=0.1, status="failed"), *contender(90, rate=0.3)]
    _, choices = choice_of(runs)
    assert choices["learning_rate"].tolist() == [0.3]
    assert choices["rates_tried"].tolist() == [2]
    assert np.isfinite(choices["tuning_cost"]).all()


def test_contender_whose_runs_all_failed_stays_in_the_table():
    sweep, choices = choice_of([*contender(20), planted_run(batch_size=8, status="failed")])
    assert choices["mode"].tolist() == ["stochastic", "mini-batch"]
    assert set(reported_runs(sweep, choices)["mode"]) == {"stochastic"}
