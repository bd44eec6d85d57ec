"""The target of each data set and network, by rule, and the ratios of the modes that reach it."""

import numpy as np
import pandas as pd
import pytest
from test_evidence import claim, curve, run

from perbatch import claims
from perbatch.analysis.columns import columns_of
from perbatch.claims import Evidence, from_sweep, judge, ratios_of, write_ratios
from perbatch.claims.elsewhere import (
    MINI_BATCH,
    REPEAT,
    STOCHASTIC,
    critical_batch_size,
    gain_of_copies,
    less,
    more,
    ratios,
    rows_of,
    theory,
)
from perbatch.claims.outcomes import Outcome
from perbatch.claims.own_target import target_for_all
from perbatch.errors import UserError
from perbatch.report import CLAIM_FIGURES
from perbatch.runs.scoring import constant_loss
from perbatch.sweep.studies import study_block
from planted_studies import ELSEWHERE, SHOWN, elsewhere


def evidence(kind: str = SHOWN, slower: tuple[str, ...] = ()) -> Evidence:
    checked = claims.check_claim("elsewhere", {**study_block("elsewhere"), "plan": None}, CLAIM_FIGURES)
    return Evidence(checked, elsewhere(kind, slower))


def test_the_target_is_nine_tenths_of_the_way_that_every_mode_can_go() -> None:
    assert target_for_all(2.0, [0.1, 1.0, 0.5]) == pytest.approx(1.1)
    with pytest.raises(ValueError, match=r"a mode ends at a loss of 2\.5, and the constant answer has 2"):
        target_for_all(2.0, [0.1, 2.5])
    with pytest.raises(ValueError, match="inf"):
        target_for_all(2.0, [0.1, np.inf])


def test_the_constant_answer_knows_the_training_part_alone() -> None:
    labels = constant_loss(np.array([0, 0, 0, 1]), np.array([0, 1]), "cross_entropy")
    assert labels == pytest.approx(-(np.log(0.75) + np.log(0.25)) / 2)
    numbers = constant_loss(np.array([1.0, 3.0]), np.array([2.0, 5.0]), "squared_error")
    assert numbers == pytest.approx(9 / 4)
    assert constant_loss(np.array([0, 0]), np.array([1]), "cross_entropy") == np.inf


def swept() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two modes; by the tuning seed (0) the rate 0.2 is the best of both, and the reported one ends lower."""
    ends = {(1, 0.1, 0): 0.5, (1, 0.2, 0): 0.2, (10, 0.1, 0): 0.9, (10, 0.2, 0): 0.4, (10, 0.2, 1): 0.01}
    runs, curves = [], []
    for (size, rate, seed), end in ends.items():
        name = f"{size} {rate} {seed}"
        runs.append(run(name, batch_size=size, learning_rate=rate, seed=seed, validation_loss=end))
        curves.append(curve(name, [2.0, 1.0, 0.5, end]))
    return pd.DataFrame(runs).assign(constant_loss=1.4), pd.concat(curves)


def test_the_target_is_of_the_least_good_mode_at_its_best_rate_by_tuning_seeds() -> None:
    table = from_sweep(claim("own_targets", targets=(), tuning=(0,)), *swept())
    assert table["target"].to_numpy() == pytest.approx(0.4 + 0.1 * (1.4 - 0.4))
    took = table.set_index(["batch_size", "learning_rate", "seed"])["epochs_to_target"]
    assert took[10, 0.2, 1] == took[10, 0.2, 0] == 2.0  # at a loss of 0.5
    assert took[10, 0.1, 0] == 2.0


def test_a_mode_that_learned_nothing_leaves_no_target() -> None:
    runs, history = swept()
    runs.loc[runs["batch_size"] == 10, "status"] = "diverged"
    with pytest.raises(UserError, match=r"^d and 2-3: there is no target: a mode ends at a loss of inf"):
        from_sweep(claim("own_targets", targets=(), tuning=(0,)), runs, history)


def test_a_row_has_the_ratio_that_was_planted() -> None:
    table = ratios(evidence())
    assert list(table.columns) == columns_of("elsewhere.csv")
    assert list(table["n_train"]) == sorted(table["n_train"])
    assert len(table) == len(ELSEWHERE) * 2 * 3 * 2
    of_digits = table[(table["data"] == "digits_studies") & (table["sizes"] == "4-32-1")]
    found = of_digits.set_index(["comparison", "quantity"])["ratio"]
    assert found[STOCHASTIC, "epochs"] == pytest.approx(0.01, rel=0.02)
    assert found[STOCHASTIC, "evaluations"] == found[STOCHASTIC, "epochs"]
    assert found[MINI_BATCH, "epochs"] == pytest.approx(3, rel=0.02)
    assert found[REPEAT, "epochs"] == pytest.approx(1.1)
    assert found[REPEAT, "evaluations"] == pytest.approx(1.65)


def test_a_row_at_the_edge_of_its_grid_counts_neither_way() -> None:
    full = evidence()
    cut = Evidence(full.claim, full.table[full.table["learning_rate"] <= 0.25])
    rows = rows_of(ratios(cut), STOCHASTIC, "epochs")
    assert rows["reservation"].str.contains("is the highest tried").all()
    assert not less(rows).any() and not more(rows).any()
    assert {finding.outcome for finding in judge(cut).findings} == {Outcome.UNDECIDED}


def test_copies_that_are_worth_nothing_to_stochastic_updates_show_it() -> None:
    full = evidence()
    assert gain_of_copies(full, "teacher_ten_times", "teacher").value == pytest.approx(1.0, rel=0.02)
    table = full.table.copy()
    stochastic = (table["data"] == "teacher_ten_times") & (table["batch_size"] == 1)
    table.loc[stochastic, "epochs_to_target"] *= 10
    worthless = gain_of_copies(Evidence(full.claim, table), "teacher_ten_times", "teacher")
    assert worthless.value == pytest.approx(10.0, rel=0.02)
    assert 9 < worthless.low < worthless.high < 11


def test_a_mode_that_was_not_run_is_named() -> None:
    full = evidence()
    with pytest.raises(UserError, match="no run of the mode repeat on digits_studies 4-1"):
        ratios(Evidence(full.claim, full.table[full.table["tolerance"].isna()]))


def test_theory_and_the_batch_size_that_it_takes_from_mini_batches() -> None:
    # M = 32 needs three times the epochs of M = 1: (1 + 32 / B) / (1 + 1 / B) = 3 at B = 14.5
    critical = critical_batch_size(ratios(evidence()))
    assert critical == pytest.approx(14.5, rel=0.02)
    assert theory(critical, np.array([1, 32])) == pytest.approx([1, 1 / 3], rel=0.02)
    alike = ratios(evidence()).assign(ratio=1.0)
    assert np.isnan(critical_batch_size(alike))


def test_the_table_is_written_and_has_a_head_without_evidence(tmp_path) -> None:
    path = tmp_path / "elsewhere.csv"
    write_ratios(ratios_of([None, evidence()]), path)
    again = pd.read_csv(path)
    assert list(again.columns) == columns_of("elsewhere.csv")
    assert len(again) == 48
    write_ratios(ratios_of([None]), path)
    assert path.read_text() == ",".join(columns_of("elsewhere.csv")) + "\n"
