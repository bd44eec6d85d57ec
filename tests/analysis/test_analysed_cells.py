"""Cells say of a chosen rate what comparison.csv says of it."""

from dataclasses import replace

import pytest

from perbatch.analysis.cells import cell_rows
from planted import contender, results_of, valued


def test_a_cell_has_the_numbers_of_the_comparison_and_tuning_seeds_stand_apart():
    runs = contender(lambda s: 60 + s, batch_size=32, rate=0.3, final=lambda s: 0.1 + s / 100)
    results = results_of(runs)
    sweep = replace(results.sweep, runs=results.sweep.runs.assign(cell="M0032 lr0.3"))
    reported, tuning = cell_rows(sweep, lambda runs: {"cell": str(runs["cell"].iloc[0])})
    row = results.comparison.iloc[0]
    assert (reported["cell"], reported["seeds"], tuning["seeds"]) == ("M0032 lr0.3", "reported", "tuning")
    for name in ("validation_loss", "reached", "epochs_to_target", "evaluations_to_target"):
        for end in ("", "_low", "_high"):
            assert reported[f"cell/{name}{end}"] == pytest.approx(row[f"{name}{end}"], nan_ok=True)
    assert reported["cell/n"] == row["n"]
    assert tuning["cell/validation_loss"] != reported["cell/validation_loss"]


def test_a_cell_holds_one_activation_where_two_were_swept():
    sweep = results_of([*contender(60), *valued(contender(70), activation="tanh")]).sweep
    rows = cell_rows(sweep, lambda runs: {"cell": f"M0001 {runs['activation'].iloc[0]}"})
    names = [(row["cell"], row["variant"]) for row in rows]
    assert names == [("M0001 relu", "relu"), ("M0001 tanh", "tanh")] * 2
    for row in rows:
        alike = sweep.usable[sweep.usable["activation"] == row["variant"]]
        tuning = alike["seed"].isin(sweep.settings.tuning_seeds)
        mine = alike[tuning if row["seeds"] == "tuning" else ~tuning]
        assert (row["cell/n"], row["cell/validation_loss"]) == (len(mine), mine["final_loss"].mean())
