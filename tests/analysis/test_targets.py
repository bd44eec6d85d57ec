import numpy as np
import pandas as pd
import pytest

from perbatch.analysis import build_sweep
from perbatch.analysis.costs import SETTING, last_loss, price
from planted import SETTINGS, Y_TRAIN, N, contender, planted_run, planted_tables, planted_throughput


def study_of(runs, throughput=None):
    return build_sweep(planted_tables(runs, throughput), SETTINGS, Y_TRAIN)


def test_counts_are_those_of_the_first_evaluation_at_the_target():
    run, history = planted_run(batch_size=1, reach=60, n=10, tolerance=0.1, checks=2.0)
    history.loc[history["presentations"] == 500, "validation_loss"] = 0.5  # rising again changes nothing
    row = study_of([(run, history)]).runs.iloc[0]
    assert row["epochs_to_target"] == 60 / N
    assert row["updates_to_target"] == 600
    assert row["gradient_evaluations_to_target"] == 600
    assert row["evaluations_to_target"] == 600 + 120 / 2
    assert row["seconds_to_target"] == pytest.approx((600 * 100 + 120 * 50) / 1e6)


def test_unreached_is_infinite_on_every_axis():
    row = study_of([planted_run(reach=None, final=0.5)]).runs.iloc[0]
    axes = ["epochs", "updates", "gradient_evaluations", "evaluations", "seconds"]
    assert all(np.isinf(row[f"{axis}_to_target"]) for axis in axes)


def test_loss_at_the_start_does_not_count():
    lucky, others = planted_run(seed=0, reach=50), contender(50, seeds=range(1, 5))
    lucky[1].loc[0, "validation_loss"] = 0.1
    assert study_of([lucky, *others]).runs["epochs_to_target"].iloc[0] == 0.5


def test_price_is_a_line_in_log_log_between_measured_sizes():
    rows = planted_throughput()
    assert price(rows, 64) == (pytest.approx(100 / 8), pytest.approx(50 / 8))
    assert price(rows, 50)[0] == pytest.approx(100 * 50**-0.5)


def test_no_price_outside_what_was_measured():
    assert np.isnan(price(planted_throughput(), 1000)).all()
    assert np.isnan(price(planted_throughput().iloc[:0], 32)).all()


@pytest.mark.parametrize("key", SETTING)
def test_price_of_another_setting_is_not_used(key):
    throughput = planted_throughput()
    others = {"micro_batch_size": 8.0, "bias": False}
    throughput[key] = others.get(key, "other")
    sweep = study_of(contender(50), throughput)
    assert sweep.runs["seconds_to_target"].isna().all()


def test_accumulating_run_takes_the_price_of_accumulation():
    whole, chunked = planted_throughput(), planted_throughput()
    chunked["micro_batch_size"] = 8.0
    chunked["gradient_us"] *= 3
    runs = contender(64, batch_size=64)
    for run, _ in runs:
        run["micro_batch_size"] = 8
    sweep = study_of(runs, pd.concat([whole, chunked], ignore_index=True))
    assert sweep.runs["gradient_us"].iloc[0] == pytest.approx(3 * 100 / 8)


def test_a_run_that_did_not_finish_ends_at_an_infinite_loss():
    statuses, losses = ["finished", "diverged", "failed", "finished"], [0.5, 0.1, np.nan, np.nan]
    runs = pd.DataFrame({"status": statuses, "validation_loss": losses})
    assert last_loss(runs).tolist() == [0.5, np.inf, np.inf, np.inf]


def test_a_sweep_finds_the_evaluations_of_some_runs_in_the_historys_order():
    sweep = study_of([planted_run(seed=seed, reach=50) for seed in range(4)])
    some = sweep.runs.iloc[[2, 0]]
    found = sweep.history_of(some)
    assert found.equals(sweep.history[sweep.history["identity"].isin(some["identity"])])
    assert sweep.history_of(sweep.runs.iloc[:0]).empty
