import gc
import tracemalloc
from typing import Any

import numpy as np
import pandas as pd
import pytest

from perbatch.analysis.costs import measured, price
from perbatch.columns import PRICED, THROUGHPUT
from perbatch.timing import check_settings, measure
from perbatch.timing.workload import EPOCH, Case, Workload, cases


def test_every_batch_size_has_a_row_and_the_larger_ones_one_with_accumulation(block: dict[str, Any]) -> None:
    block["batch_size"] = [64, 63, 1]
    found = [(case.batch_size, case.micro_batch_size) for case in cases(check_settings(block))]
    assert found == [(1, None), (63, None), (64, None), (64, 32)]


def test_the_table_is_what_the_comparison_reads(block: dict[str, Any]) -> None:
    block["dtype"] = ["float64", "float32"]
    table = pd.DataFrame(measure(check_settings(block)))
    assert list(table) == [name for column in THROUGHPUT for name in column.names]
    assert not table.duplicated(PRICED).any() and len(table) == 10
    run = pd.Series({**table.iloc[0], "micro_batch_size": np.nan})
    rows = measured(table, run)
    assert list(rows["batch_size"]) == [8, 64, 1000]
    assert min(price(rows, 100)) > 0


def test_times_lie_between_their_quartiles_and_name_where_they_were_taken(block: dict[str, Any]) -> None:
    for row in measure(check_settings({**block, "batch_size": [8]})):
        for kind in ("gradient_us", "forward_us"):
            assert 0 < row[f"{kind}_low"] <= row[kind] <= row[f"{kind}_high"]  # type: ignore[operator]
        assert row["processor"] and row["numpy"] == np.__version__
        assert (row["sizes"], row["repeats"]) == ("4-3-2", 3)


def test_accumulation_needs_less_memory_at_a_large_batch_and_whole_batches_more_the_larger_they_are(
    block: dict[str, Any],
) -> None:
    rows = measure(check_settings({**block, "repeats": 1}))
    peak = {(row["batch_size"], row["micro_batch_size"]): row["peak_bytes"] for row in rows}
    assert peak[1000, 32] < peak[1000, None] / 2  # type: ignore[operator]
    assert peak[64, None] < peak[1000, None]  # type: ignore[operator]


@pytest.mark.parametrize("micro_batch_size", [None, 32])
@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error"])
def test_an_updating_engine_does_gradients_only_and_a_checking_one_none(
    loss: str, micro_batch_size: int | None, block: dict[str, Any]
) -> None:
    block["networks"][0]["loss"] = loss
    timed = check_settings(block).networks[0]
    load = Workload(timed, "float64", 96)
    case, epoch = Case(timed, "numpy", "float64", 96, micro_batch_size), load.epoch(96)
    updating, checking = load.updating(case), load.checking(case)
    updating.advance(epoch)
    checking.advance(epoch)
    assert len(epoch) == 960
    counts = (updating.updates, updating.gradient_evaluations, updating.forward_evaluations)
    assert counts == (10, 960, 0)
    assert (checking.updates, checking.gradient_evaluations, checking.forward_evaluations) == (0, 0, 960)


def test_a_batch_larger_than_an_epoch_gets_enough_examples(block: dict[str, Any]) -> None:
    load = Workload(check_settings(block).networks[0], "float64", 2 * EPOCH + 1)
    assert len(load.epoch(2 * EPOCH + 1)) == 2 * EPOCH + 1


def test_a_single_output_can_be_timed_with_squared_error(block: dict[str, Any]) -> None:
    single = {"sizes": [4, 1], "loss": "squared_error", "bias": False, "output": "sigmoid"}
    block |= {"batch_size": [8], "repeats": 1}
    block["networks"].append(block["networks"][0] | single)
    rows = measure(check_settings(block))
    assert [(row["sizes"], row["bias"], row["output"]) for row in rows] == [
        ("4-3-2", True, "linear"),
        ("4-1", False, "sigmoid"),
    ]


def test_measuring_leaves_the_process_as_it_was(block: dict[str, Any]) -> None:
    measure(check_settings({**block, "batch_size": [8], "repeats": 1}))
    assert gc.isenabled() and not tracemalloc.is_tracing()
    assert np.geterr()["over"] == "warn"
