"""A sweep of one thing beside the modes: its values are told apart, each mode is compared within one."""

import re

import pytest

from perbatch.analysis import choose_all
from perbatch.analysis.champion import champion
from perbatch.analysis.exports import flat_metrics, result_tables
from perbatch.analysis.variants import variants
from perbatch.errors import UserError
from planted import N, contender, results_of, valued


def swept():
    """With tanh each mode needs twice the epochs, at another rate, and ends lower."""
    relu = [*contender(lambda s: 60 + s, rate=0.1), *contender(lambda s: 800 + s, batch_size=N, rate=1.0)]
    tanh = [
        *contender(lambda s: 120 + 3 * s, rate=0.3, final=0.05),
        *contender(None, rate=0.1),
        *contender(lambda s: 100 + s, batch_size=N, rate=1.0),
    ]
    return [*relu, *valued(tanh, activation="tanh")]


def test_each_value_of_a_mode_is_a_contender_with_a_rate_of_its_own():
    table = result_tables(results_of(swept()))["comparison.csv"]
    first = table[table["target"] == 0.2]
    told = list(first[["mode", "variant", "learning_rate"]].itertuples(index=False, name=None))
    assert told == [
        ("stochastic", "relu", 0.1),
        ("full-batch", "relu", 1.0),
        ("stochastic", "tanh", 0.3),
        ("full-batch", "tanh", 1.0),
    ]


def test_modes_are_paired_within_a_value_and_values_within_a_mode():
    pairs = result_tables(results_of(swept()))["pairs.csv"]
    epochs = pairs[pairs["quantity"] == "epochs"].set_index(["first_contender", "second_contender"])
    within = "stochastic, M = 1, {0}", f"full-batch, M = {N}, {{0}}"
    across = ("stochastic, M = 1, relu", "stochastic, M = 1, tanh")
    modes = [tuple(name.format(value) for name in within) for value in ("relu", "tanh")]
    full = tuple(f"full-batch, M = {N}, {value}" for value in ("relu", "tanh"))
    assert list(epochs.index) == [*modes, across, full]
    assert epochs.loc[modes[0], "verdict"] == "less"
    assert epochs.loc[modes[1], "verdict"] == "more"
    assert epochs.loc[across, ["first", "second", "verdict", "n"]].tolist() == ["relu", "tanh", "less", 3]
    assert 2 < epochs.loc[across, "ratio"] < 2.1
    assert epochs.loc[full, "verdict"] == "more"
    assert epochs["together"].tolist() == [True] * 4


def test_the_champion_is_the_best_of_all_and_metrics_are_of_the_first_value():
    results = results_of(swept())
    best = champion(results)
    assert best is not None
    assert (best["contender"], best["final_loss"]) == ("stochastic, M = 1, tanh", 0.05)
    assert flat_metrics(results) == flat_metrics(variants(results)[0])
    assert flat_metrics(results)["runs"] == 10


def test_the_order_of_the_values_is_that_of_the_sweep():
    runs = swept()
    results = results_of([*runs[10:], *runs[:10]])
    assert [each.sweep.runs["variant"].iloc[0] for each in variants(results)] == ["tanh", "relu"]


def test_a_switch_and_a_network_are_named():
    order = [*contender(60), *valued(contender(70), shuffle=False)]
    assert set(choose_all(results_of(order).sweep)["contender"]) == {
        "stochastic, M = 1, shuffle true",
        "stochastic, M = 1, shuffle false",
    }
    wide = [*contender(60), *valued(contender(70), sizes="4-30-2")]
    assert "stochastic, M = 1, 4-30-2" in set(results_of(wide).comparison["contender"])


def test_where_nothing_else_was_swept_there_is_no_variant():
    results = results_of([*contender(60), *contender(800, batch_size=N)])
    assert variants(results) == (results,)
    assert all("variant" not in table for table in result_tables(results).values())


def test_of_two_such_things_the_message_says_which_and_what_to_type():
    runs = [*contender(60), *valued(contender(70), activation="tanh"), *valued(contender(70), sizes="4-9-2")]
    said = "differ in sizes (4-3-2, 4-9-2) and in activation (relu, tanh)"
    with pytest.raises(UserError, match=f"{re.escape(said)}.* as model.activation=relu, into"):
        results_of(runs)
    with pytest.raises(UserError, match=r"loss takes the values .* one of shuffle, sizes, activation"):
        results_of([*contender(60), *valued(contender(70), activation="tanh", loss="squared_error")])
