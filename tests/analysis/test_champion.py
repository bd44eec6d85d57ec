"""The champion is chosen by validation loss, among the runs that are reported."""

import json
from dataclasses import replace

from perbatch.analysis import champion, write_champion
from planted import planted_run, results_of


def run_of(**settings):
    return planted_run(**{"reach": 500, "rate": 0.1, **settings})


def test_the_lowest_validation_loss_of_the_reported_runs_wins_whatever_the_test_says(tmp_path):
    runs = [run_of(batch_size=M, seed=seed, final=0.1) for M in (1, 32, 100) for seed in range(5)]
    runs[8] = run_of(batch_size=32, seed=3, final=0.05)  # reported
    runs[5] = run_of(batch_size=32, seed=0, final=0.01)  # chooses the rate, so it is not reported
    results = results_of(runs)
    assert champion(results)["identity"] == "mini-batch-32-1-None-0.1-3"
    reported = results.reported
    better_elsewhere = replace(results, reported=reported.assign(test_accuracy=reported["seed"] / 10.0))
    assert champion(better_elsewhere)["seed"] == 3
    write_champion(results, tmp_path)
    written = json.loads((tmp_path / "champion.json").read_text())
    assert (written["batch_size"], written["validation_loss"], written["tolerance"]) == (32, 0.05, None)


def test_a_rate_that_is_chosen_for_the_end_counts_too():
    soon = [run_of(batch_size=1, seed=seed, reach=100, final=0.15) for seed in range(5)]
    late = [run_of(batch_size=1, seed=seed, rate=0.01, reach=900, final=0.02) for seed in range(5)]
    assert champion(results_of([*soon, *late]))["learning_rate"] == 0.01


def test_among_equals_fewer_evaluations_then_the_identity(tmp_path):
    runs = [run_of(batch_size=1, seed=seed, final=0.1, n=n) for n in (1, 4) for seed in range(4)]
    assert champion(results_of(runs))["identity"] == "stochastic-1-1-None-0.1-2"


def test_where_all_diverged_there_is_none(tmp_path):
    runs = [run_of(batch_size=1, seed=seed, status="diverged") for seed in range(5)]
    results = results_of(runs)
    assert champion(results) is None
    write_champion(results, tmp_path)
    assert json.loads((tmp_path / "champion.json").read_text()) == {}
