"""Traps that would fake the result, each laid in a planted table.

More of them: the edge of the grid and a target below a mode's floor (test_caveats), unreached and diverged
seeds (test_statistics, test_results).
"""

import numpy as np
import pandas as pd
import pytest

from perbatch.analysis import build_sweep, choose_all, compare, reported_runs
from perbatch.analysis.representatives import representatives
from perbatch.report.tables import modes_table
from planted import SETTINGS, Y_TRAIN, contender, planted_run, planted_tables, planted_tests, usual_runs


def findings_with(sweep, test_of):
    """The results where `test_of` says each reported run's test loss."""
    choices = choose_all(sweep)
    shown = reported_runs(sweep, choices)
    losses = [test_of(run) for _, run in shown.iterrows()]
    return compare(sweep, choices, planted_tests(shown).assign(test_loss=losses))


def test_the_test_data_choose_nothing():
    """Rate 0.3 is far better on the test data, and rate 0.1 on the validation data of the tuning seeds."""
    runs = [*contender(50, rate=0.1, final=0.1), *contender(90, rate=0.3, final=0.15)]
    sweep = build_sweep(planted_tables(runs), SETTINGS, Y_TRAIN)
    flattering = findings_with(sweep, lambda run: 0.01 if run["learning_rate"] == 0.3 else 9.0)
    assert flattering.comparison["learning_rate"].tolist() == [0.1]
    assert flattering.ending.comparison["learning_rate"].tolist() == [0.1]
    assert flattering.comparison["test_loss"].tolist() == [pytest.approx(9.0)]


def test_the_reported_seeds_choose_neither_rate_nor_tolerance():
    runs = []
    for tolerance, tuned, reported in ((0.1, 50, 90), (0.3, 90, 5)):
        runs += contender(
            lambda s, tuned=tuned, reported=reported: tuned if s < 2 else reported, n=5, tolerance=tolerance
        )
    runs += contender(60)
    sweep = build_sweep(planted_tables(runs), SETTINGS, Y_TRAIN)
    assert representatives(findings_with(sweep, lambda run: 0.1))["repeat"]["tolerance"] == 0.1


def test_evaluation_is_no_training_time():
    """Ten times as many evaluations, and clocks of a busy machine beside them: the same seconds."""
    run, history = planted_run(reach=60)
    presentations = np.arange(0, 1001, 2)
    at = {
        name: np.interp(presentations, history["presentations"], history[name])
        for name in history.columns[1:]
    }
    loss = np.where(presentations >= 60, 0.19, 1.0)
    dense = pd.DataFrame({"identity": run["identity"], **at, "validation_loss": loss})
    dense = dense.assign(evaluation_seconds=1e6, training_seconds=1e6)
    few, many = (
        build_sweep(planted_tables([(run, each)]), SETTINGS, Y_TRAIN).runs["seconds_to_target"].iloc[0]
        for each in (history, dense)
    )
    assert few == pytest.approx(60 * 100 / 1e6)
    assert many == pytest.approx(few)


def test_a_skip_is_no_update_and_no_gradient_but_a_check():
    """Every second batch is skipped: as many presentations, half the updates, and each check is paid for."""
    run, history = planted_run(reach=60, n=1, tolerance=0.1, checks=1.0)
    for count in ("updates", "gradient_evaluations"):
        history[count] = history["presentations"] // 2
    row = build_sweep(planted_tables([(run, history)]), SETTINGS, Y_TRAIN).runs.iloc[0]
    assert row["epochs_to_target"] == 0.6
    assert row["updates_to_target"] == row["gradient_evaluations_to_target"] == 30
    assert row["seconds_to_target"] == pytest.approx((30 * 100 + 60 * 50) / 1e6)


def test_skipping_without_repeating_never_speaks_for_repeating():
    runs = [*contender(60), *contender(5, n=1, tolerance=0.1), *contender(90, n=10, tolerance=0.1)]
    sweep = build_sweep(planted_tables(runs), SETTINGS, Y_TRAIN)
    assert representatives(findings_with(sweep, lambda run: 0.1))["repeat"]["updates_per_batch"] == 10


def test_the_rate_is_printed_for_the_mean_and_for_the_sum_of_the_gradients():
    """Rate 0.32 at M = 32 weighs a gradient as 0.01 at M = 1 does: neither may pass for the other."""
    runs = [*contender(60, rate=0.01), *contender(96, batch_size=32, rate=0.32)]
    sweep = build_sweep(planted_tables(runs), SETTINGS, Y_TRAIN)
    results = findings_with(sweep, lambda run: 0.1)
    assert results.comparison["learning_rate"].tolist() == [0.01, 0.32]
    assert results.comparison["learning_rate_over_batch_size"].tolist() == [0.01, 0.01]
    printed = [next(cell for cell in row if "/ M" in cell.under) for row in modes_table(results).rows]
    assert [cell.text.split(",")[0] for cell in printed] == ["0.01", "0.32"]
    assert [cell.under for cell in printed] == ["/ M: 0.01", "/ M: 0.01"]


def test_the_usual_table_is_no_trap():
    sweep = build_sweep(planted_tables(usual_runs()), SETTINGS, Y_TRAIN)
    assert set(findings_with(sweep, lambda run: 0.1).comparison["reached"]) == {1.0}
