"""The result tables beside the comparison, each from runs whose outcome is known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from perbatch.analysis import build_sweep
from perbatch.analysis.contrasts import ContrastVerdict
from perbatch.analysis.pairs import pairs
from perbatch.analysis.repeats import repeats
from perbatch.analysis.stability import stability
from perbatch.analysis.stable_rates import stable_ranges
from perbatch.analysis.survival import survival
from perbatch.analysis.sweep import constant_loss
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

ALL = range(12)  # two that choose the rate, ten that are reported


def some(reached, at=lambda seed: 50 + seed, **settings):
    """Runs of which the first `reached` of the ten reported seeds get to the target."""
    return contender(
        lambda s: at(s) if s < 2 or s - 2 < reached else None, seeds=ALL, **{"final": None, **settings}
    )


def only(table, **values):
    """The one row with these values."""
    for key, value in values.items():
        table = table[table[key] == value]
    assert len(table) == 1
    return table.iloc[0]


class TestSurvival:
    def test_unreached_seeds_are_a_share_and_stay_in_the_median(self):
        table = survival(results_of(some(8)))
        row = only(table, quantity="epochs")
        assert (row["n"], row["reached"]) == (10, 0.8)
        assert row["reached_low"] < 0.8 < row["reached_high"] < 1
        assert row["median"] == pytest.approx(0.565)  # not 0.555, the median of those that got there
        assert (row["median_low"], row["median_high"]) == (0.53, np.inf)
        assert row["spent"] == 10  # epochs given in vain

    def test_nobody_got_there(self):
        row = only(survival(results_of(some(0))), quantity="updates")
        assert row["reached"] == 0
        assert np.isnan(row["median"])
        assert np.isnan(row["median_low"])
        assert row["spent"] == 1000

    def test_every_target_has_its_own_rate(self):
        runs = []
        for rate, reach, final in ((0.1, 50, 0.18), (0.3, 80, 0.12)):
            runs += contender(reach, rate=rate, final=final)
        settings = replace(SETTINGS, target={"digits": (0.2, 0.15)})
        table = survival(results_of(runs, settings=settings))
        assert only(table, quantity="epochs", target=0.2)["learning_rate"] == 0.1
        assert only(table, quantity="epochs", target=0.15)["learning_rate"] == 0.3
        assert only(table, quantity="epochs", target=0.15)["median"] == 10

    def test_repeat_pays_for_its_checks_in_vain_too(self):
        row = only(survival(results_of(some(0, n=2, tolerance=0.1, checks=3.0))), quantity="seconds")
        assert row["spent"] == pytest.approx((2000 * 100 + 3000 * 50) / 1e6)


class TestStability:
    def test_share_of_updates_that_raise_the_loss(self):
        runs = [*contender(60, raising=0), *contender(800, batch_size=N)]
        table = stability(results_of(runs))
        shaky = only(table, mode="stochastic")
        assert shaky["raising"] == pytest.approx(0.25, abs=0.02)
        assert only(table, mode="full-batch")["raising"] == 0

    def test_a_skipped_batch_is_no_update(self):
        """Half of the next batches would be skipped: the share is of the other half."""
        runs = contender(60, n=1, tolerance=0.1)
        for _, history in runs:
            change = np.full(len(history), np.nan)
            change[0:-1:2] = -0.1
            change[0] = 0.1
            history["next_update_change"] = change
        row = stability(results_of(runs)).iloc[0]
        assert row["raising"] == pytest.approx(1 / (len(runs[0][1]) // 2))

    def test_spread_is_over_the_reported_seeds_on_a_logarithmic_scale(self):
        runs = contender(60, final=lambda s: 0.001 if s < 2 else 10.0**-s)
        row = stability(results_of(runs)).iloc[0]
        assert row["spread"] == pytest.approx(1)
        assert row["spread_low"] < 1 < row["spread_high"]
        lost = [*contender(60, seeds=range(4)), *contender(60, seeds=[4], status="diverged")]
        assert np.isnan(stability(results_of(lost)).iloc[0]["spread"])

    def test_accumulation_takes_less_memory_for_the_same_update(self):
        whole = planted_throughput()
        chunked = whole[whole["batch_size"] >= 64].assign(micro_batch_size=32.0, peak_bytes=40_000)
        throughput = pd.concat([whole, chunked], ignore_index=True)
        row = stability(results_of(contender(64, batch_size=64), throughput)).iloc[0]
        assert (row["peak_bytes"], row["accumulated_bytes"], row["accumulated_chunk"]) == (64_000, 40_000, 32)
        small = stability(results_of(contender(64, batch_size=32), throughput)).iloc[0]
        assert small["peak_bytes"] == 32_000
        assert np.isnan(small["accumulated_bytes"])


class TestRanges:
    def range_of(self, outcomes):
        runs = []
        for rate, (final, status) in outcomes.items():
            runs += contender(None, rate=rate, final=final, status=status, seeds=[0, 1])
        return stable_ranges(build_sweep(planted_tables(runs), SETTINGS, Y_TRAIN)).iloc[0]

    def test_from_the_lowest_to_the_highest_rate_that_neither_diverges_nor_climbs(self):
        good, up, lost = (0.5, "finished"), (2.0, "finished"), (0.5, "diverged")
        row = self.range_of({0.01: up, 0.1: good, 0.2: good, 0.4: good, 0.8: up, 1.6: lost})
        assert (row["low"], row["high"], row["octaves"]) == (0.1, 0.4, pytest.approx(2))
        assert (row["open_low"], row["open_high"], row["gaps"]) == (False, False, 0)

    def test_a_network_that_gives_one_answer_to_all_learned_nothing_though_its_loss_fell(self):
        """All start at 1; the best constant answer to these targets has 0.9."""
        runs = [
            run
            for rate, final in ((0.1, 0.5), (0.3, 0.899), (0.6, 0.95))
            for run in contender(None, rate=rate, final=final, seeds=[0, 1])
        ]
        targets = np.sqrt(0.9) * Y_TRAIN
        row = stable_ranges(build_sweep(planted_tables(runs), SETTINGS, targets)).iloc[0]
        assert (row["low"], row["high"]) == (0.1, 0.1)

    def test_the_best_constant_answer(self):
        labels = np.repeat([0, 1, 2], [50, 25, 25])
        assert constant_loss(labels, "cross_entropy") == pytest.approx(1.5 * np.log(2))
        assert constant_loss(labels, "squared_error") == pytest.approx((1 - 0.375) / 2)
        assert constant_loss(np.array([0.0, 2.0]), "squared_error") == 0.5
        with pytest.raises(NotImplementedError, match="under the loss hinge"):
            constant_loss(labels, "hinge")

    def test_where_the_rates_tried_end_the_range_is_open(self):
        good, lost = (0.5, "finished"), (0.5, "diverged")
        row = self.range_of({0.1: good, 0.2: lost, 0.4: good})
        assert (row["open_low"], row["open_high"], row["gaps"]) == (True, True, 1)

    def test_no_stable_rate(self):
        row = self.range_of({0.1: (0.5, "diverged"), 0.2: (0.5, "failed")})
        assert np.isnan(row[["low", "high", "octaves"]].astype(float)).all()
        assert not row["open_low"]
        assert row["rates_tried"] == 2


class TestFaster:
    def test_each_axis_has_its_own_verdict(self):
        table = pairs(results_of(usual_runs()))
        pair = table[(table["first"] == "stochastic") & (table["second"] == "full_batch")]
        verdicts = dict(zip(pair["quantity"], pair["verdict"], strict=True))
        assert verdicts == {
            "epochs": ContrastVerdict.LESS,
            "updates": ContrastVerdict.MORE,
            "gradient_evaluations": ContrastVerdict.LESS,
            "evaluations": ContrastVerdict.LESS,
            "seconds": ContrastVerdict.LESS,
        }
        row = only(pair, quantity="epochs")
        assert row["ratio_low"] < row["ratio"] < row["ratio_high"]
        assert (row["improvement"], row["n"]) == (1, 3)

    def test_repeat_is_held_against_the_same_batch_size(self):
        row = only(pairs(results_of(usual_runs())), first="repeat", quantity="seconds")
        assert (row["second"], row["second_contender"]) == ("plain", "stochastic, M = 1")
        assert row["verdict"] == ContrastVerdict.MORE

    def test_what_the_answers_rest_on_is_held_together(self):
        runs = [
            *contender(lambda s: 60 + s, seeds=range(12)),
            *contender(lambda s: 64 + 5 * (-1) ** s, seeds=range(12), batch_size=32),
            *contender(lambda s: 800 + s, seeds=range(12), batch_size=N),
            *contender(lambda s: 70 - s, seeds=range(12), n=10, tolerance=0.1, checks=2.0),
        ]
        table = pairs(results_of(runs))
        family = table[table["together"].notna()]
        assert set(family["quantity"]) == {"epochs", "evaluations"}
        assert family["target"].nunique() == 1
        judged = table[table["p_value"].notna()]
        differ = judged["verdict"].isin([ContrastVerdict.LESS, ContrastVerdict.MORE])
        assert ((judged["p_value"] < 0.05) == differ).all()
        assert (family["p_value"] < 0.05)[family["together"].astype(bool)].all()

    def test_unreached_seeds_stay_in_the_verdict(self):
        runs = [*some(10, batch_size=1), *some(7, at=lambda s: 500 + s, batch_size=N)]
        row = only(pairs(results_of(runs)), quantity="epochs")
        assert row["verdict"] == ContrastVerdict.LESS
        assert row["ratio_low"] > 5
        assert row["ratio_high"] == np.inf

    def test_nothing_to_compare(self):
        assert pairs(results_of(contender(60))).empty


class TestRepeats:
    def runs(self):
        """Per presentation all are as good, but repeating thrice costs three updates each."""
        return [
            *contender(100, seeds=ALL, final=0.1),
            *contender(100, seeds=ALL, final=0.1, n=3, tolerance=0.1),
            *contender(100, seeds=ALL, final=0.1, n=3),
            *contender(100, seeds=ALL, final=0.1, n=1, tolerance=0.1),
            *contender(800, seeds=ALL, batch_size=N),
        ]

    def test_equal_cost_is_equal_updates_and_not_equal_presentations(self):
        table = repeats(results_of(self.runs()))
        assert set(table["batch_size"]) == {1}  # the full batch was not repeated
        assert set(table["way"]) == {"once", "until satisfied", "fixed", "skip"}
        for quantity in ("updates", "evaluations"):
            at = {"quantity": quantity, "plain_epochs": 1}
            assert only(table, way="once", **at)["validation_loss"] == pytest.approx(0.19)
            late = only(table, way="fixed", **at)
            assert late["budget"] == 100
            assert late["validation_loss"] == pytest.approx(1.0)
            assert late["spent"] <= 100
        assert only(table, way="fixed", quantity="updates", plain_epochs=3)[
            "validation_loss"
        ] == pytest.approx(0.19)

    def test_the_rate_is_chosen_for_the_budget_on_the_tuning_seeds(self):
        runs = self.runs()
        for rate, reach in ((0.3, lambda s: 20 if s < 2 else 900), (1.0, lambda s: 900 if s < 2 else 20)):
            runs += contender(reach, seeds=ALL, rate=rate, n=3, tolerance=0.1)
        row = only(repeats(results_of(runs)), way="until satisfied", quantity="updates", plain_epochs=1)
        assert row["learning_rate"] == 0.3
        assert row["validation_loss"] == pytest.approx(1.0)

    def test_share_kept_of_what_was_learned(self):
        table = repeats(results_of(self.runs()))
        row = only(table, way="until satisfied", quantity="updates", plain_epochs=1)
        assert (row["satisfied_when_left"], row["still_satisfied"]) == (
            pytest.approx(0.9),
            pytest.approx(0.7),
        )
        control = only(table, way="fixed", quantity="updates", plain_epochs=1)
        assert np.isnan(control["still_satisfied"])

    def test_no_repeats_no_rows(self):
        assert repeats(results_of(contender(60))).empty
