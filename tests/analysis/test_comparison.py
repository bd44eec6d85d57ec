import json
import math

import numpy as np
import pandas as pd
import pytest

from perbatch.analysis import build_sweep, choose_rates, compare, write_tables
from perbatch.analysis.curves import loss_curves, rate_curves
from perbatch.analysis.exports import flat_metrics, result_tables
from perbatch.errors import UserError
from perbatch.report.answers import answer_scores
from perbatch.report.caveats import caveats
from perbatch.report.wording import number
from planted import (
    SETTINGS,
    Y_TRAIN,
    N,
    contender,
    planted_tables,
    planted_throughput,
    results_of,
    usual_runs,
)


def row_of(runs, **settings):
    return results_of(runs, **settings).comparison.iloc[0]


def test_table_shows_the_reported_seeds_at_the_chosen_rate():
    row = row_of(contender(lambda s: 60 + s, batch_size=32, rate=0.3, final=lambda s: 0.1 + s / 100))
    assert row["n"] == 3
    assert row["reached"] == 1
    assert row["epochs_to_target"] == pytest.approx((62 * 63 * 64) ** (1 / 3) / N)
    assert row["epochs_to_target_low"] < row["epochs_to_target"] < row["epochs_to_target_high"]
    assert row["validation_loss"] == pytest.approx(0.13)
    assert row["test_loss"] == pytest.approx(0.14)
    assert row["test_accuracy"] == pytest.approx(1 - 0.13 / 2)
    assert row["learning_rate_over_batch_size"] == 0.3 / 32


def test_unreached_is_a_share_and_leaves_no_interval():
    row = row_of(contender(lambda s: None if s == 4 else 60, final=0.5))
    assert row["reached"] == pytest.approx(2 / 3)
    assert row["epochs_to_target"] == 0.6
    assert math.isnan(row["epochs_to_target_low"])
    assert row["to_target_kind"] == "median, no interval"


def test_nobody_reached_is_empty_but_final_values_stand():
    row = row_of(contender(None, final=0.5))
    assert row["reached"] == 0
    assert math.isnan(row["epochs_to_target"])
    assert row["validation_loss"] == 0.5


def test_diverged_seed_is_the_worst_value_not_a_missing_one():
    runs = [*contender(60, seeds=range(4)), *contender(60, seeds=[4], status="diverged")]
    row = row_of(runs)
    assert row["n"] == 3
    assert row["diverged"] == 1
    assert row["final_kind"] == "median, no interval"
    assert row["test_accuracy"] == pytest.approx(0.95)


def test_a_run_that_ended_above_its_start_is_the_worst_value_whatever_its_number():
    """Not quite infinite: the mean over seeds would be this one run's number."""
    runs = contender(60, final=lambda s: 1e78 if s == 4 else 0.1)
    results = results_of(runs)
    row = results.comparison.iloc[0]
    assert (row["final_kind"], row["validation_loss"]) == ("median, no interval", pytest.approx(0.1))
    assert row["test_accuracy"] == pytest.approx(0.95)
    assert row["diverged"] == 0
    assert "ended above the loss they started from" in " ".join(caveats(results))
    assert number(6.8e78) == "6.8e+78"


def test_scores_are_compared_at_the_rates_that_are_best_in_the_end():
    """To the target rate 0.3 is the faster, in the end rate 0.1 is the better."""
    runs = [*contender(90, rate=0.1, final=0.05), *contender(50, rate=0.3, final=0.18)]
    results = results_of([*runs, *contender(800, batch_size=N, final=0.15)])
    assert results.comparison["learning_rate"].iloc[0] == 0.3
    assert results.ending.comparison["learning_rate"].iloc[0] == 0.1
    assert "97.5\u00a0% updating after every example" in answer_scores(results)


def test_failed_runs_are_counted_and_not_averaged():
    runs = [*contender(60, seeds=range(4)), *contender(60, seeds=[4], status="failed")]
    row = row_of(runs)
    assert (row["n"], row["failed"], row["runs"]) == (2, 1, 5)


def test_diverged_and_failed_are_counted_over_all_rates():
    runs = [*contender(60), *contender(None, rate=3.0, status="diverged")]
    assert row_of(runs)["diverged"] == 5


def test_seconds_are_empty_without_a_price():
    row = row_of(contender(60), throughput=planted_throughput().iloc[:0])
    assert math.isnan(row["seconds_to_target"])
    assert row["epochs_to_target"] == pytest.approx(0.6)


def test_regression_has_r2_and_no_accuracy():
    results = results_of(contender(60, regression=True))
    assert "test_r2" in results.comparison
    assert not [column for column in results.comparison if "accuracy" in column]
    assert not [key for key in flat_metrics(results) if "accuracy" in key]


def test_missing_test_metrics_are_refused():
    sweep = build_sweep(planted_tables(contender(60)), SETTINGS, Y_TRAIN)
    nothing = pd.DataFrame({"identity": [], "test_loss": [], "test_accuracy": [], "test_r2": []})
    with pytest.raises(UserError, match="has no test metrics"):
        compare(sweep, choose_rates(sweep), nothing)


def test_metrics_keep_their_keys_whatever_was_run():
    usual, one = (
        flat_metrics(results_of(usual_runs())),
        flat_metrics(results_of(contender(None, final=0.5))),
    )
    assert usual.keys() == one.keys()
    assert not [key for key in usual if "." in key]
    assert len(usual) < 20  # a row of `dvc metrics show` is read on one screen
    assert usual["full_batch_epochs_to_target"] == pytest.approx(8.03, abs=0.01)
    assert one["stochastic_epochs_to_target"] is None
    assert one["repeat_test_accuracy"] is None
    assert (one["runs"], one["diverged"], one["failed"]) == (5, 0, 0)


def test_only_the_declared_size_speaks_for_mini_batches():
    metrics = flat_metrics(results_of([*contender(60), *contender(30, batch_size=8)]))
    assert metrics["mini_batch_epochs_to_target"] is None


def test_curve_speaks_for_the_same_seeds_at_every_point():
    runs = contender(None, seeds=range(4), final=0.5)
    run, history = contender(None, seeds=[4], status="diverged")[0]
    history = history[(history["presentations"] <= 160) | (history["presentations"] == 1000)]
    history = history.assign(presentations=history["presentations"].replace(1000, 170))
    runs.append((run, history))
    curve = loss_curves(results_of(runs))
    assert set(curve["seeds"]) == {3}
    late = curve[curve["presentations"] > 200]
    assert len(late) > 10
    assert late["validation_loss_highest"].isna().all()  # the diverged seed is infinite from its end on
    assert late["validation_loss"].notna().all()


def test_rates_table_counts_divergence():
    runs = [*contender(60, rate=0.1), *contender(None, rate=3.0, status="diverged")]
    rates = rate_curves(results_of(runs))
    assert rates["diverged"].tolist() == [0, 5]
    assert np.isnan(rates["validation_loss"].iloc[1])


def test_files_are_the_same_bytes_whatever_the_order_of_rows(tmp_path):
    runs = usual_runs()
    write_tables(results_of(runs), tmp_path / "a")
    write_tables(results_of(runs[::-1]), tmp_path / "b")
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == sorted([*result_tables(results_of(runs)), "metrics.json"])
    for name in names:
        content = (tmp_path / "a" / name).read_bytes()
        assert content == (tmp_path / "b" / name).read_bytes()
        assert b"\r" not in content
    json.loads((tmp_path / "a/metrics.json").read_text())
