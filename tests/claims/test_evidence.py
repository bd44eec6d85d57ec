import numpy as np
import pandas as pd
import pytest

from perbatch.claims import chosen_runs
from perbatch.claims.claim import Claim
from perbatch.claims.evidence import Evidence, from_sweep
from perbatch.errors import UserError


def claim(
    evidence: str = "sweep", targets: tuple[float, ...] = (0.5,), tuning: tuple[int, ...] = ()
) -> Claim:
    return Claim("tiny", "a", "b", evidence, targets, tuning, "validation_loss", (), (), "conditions")


def run(identity: str, **other: object) -> dict[str, object]:
    axes = {"data": "d", "n_train": 10, "batch_size": 1, "updates_per_batch": 1, "tolerance": np.nan}
    axes |= {"micro_batch_size": np.nan, "shuffle": True, "sizes": "2-3", "activation": "tanh", "loss": "l"}
    axes |= {"bias": True, "output": "linear", "dtype": "float64", "engine": "numpy"}
    results = {"updates": 30, "gradient_evaluations": 30, "forward_evaluations": 0, "train_loss": 0.1}
    results |= {"validation_loss": 0.1, "validation_accuracy": 0.9, "validation_r2": np.nan}
    plan = {"learning_rate": 0.1, "seed": 0, "epochs": 3, "status": "finished"}
    return {"identity": identity, **axes, **plan, **results, **other}


def curve(identity: str, losses: list[float], per_step: int = 10, n_train: int = 10) -> pd.DataFrame:
    shown = per_step * np.arange(len(losses))
    return pd.DataFrame(
        {"identity": identity, "presentations": shown, "epoch": shown / n_train, "updates": shown}
        | {"gradient_evaluations": shown, "forward_evaluations": 0}
        | {"train_loss": losses, "validation_loss": losses, "gradient_norm": 2.0}
        | {"gradient_variance": np.linspace(8.0, 8.0 * len(losses), len(losses))}
        | {"satisfied_when_left": np.nan, "still_satisfied": np.nan}
    )


def test_counts_and_sums_up_to_the_target() -> None:
    runs = pd.DataFrame([run("a"), run("b", seed=1)])
    history = pd.concat([curve("a", [2.0, 0.9, 0.5, 0.2]), curve("b", [2.0, 1.9, 1.5, 1.2])])
    table = from_sweep(claim(), runs, history)
    first, second = table.to_dict("records")
    assert (first["epochs_to_0.5"], first["updates_to_0.5"]) == (2.0, 20.0)
    assert first["squared_gradient_to_0.5"] == 4.0 * 20
    assert first["variance_to_0.5"] == pytest.approx(10 * (12.0 + 20.0))
    assert second["updates_to_0.5"] == np.inf


def test_only_what_varies_is_kept_of_the_axes() -> None:
    runs = pd.DataFrame([run("a"), run("b", shuffle=False)])
    table = from_sweep(claim(), runs, pd.concat([curve("a", [2, 1]), curve("b", [2, 1])]))
    assert "shuffle" in table
    assert "dtype" not in table
    assert "batch_size" in table


def test_failed_runs_are_no_evidence() -> None:
    runs = pd.DataFrame([run("a"), run("b", status="failed")])
    with pytest.raises(UserError, match="tiny: 1 of its 2 runs failed"):
        from_sweep(claim(), runs, curve("a", [2, 1]))


def test_copies_are_compared_with_the_data_once() -> None:
    runs = pd.DataFrame([run("once", epochs=4), run("twice", n_train=20, data="e", epochs=1)])
    once = curve("once", [2.0, 1.0, 0.5, 0.25, 0.125])
    twice = curve("twice", [2.0, 1.0, 0.5], n_train=20)
    table = from_sweep(claim("redundancy"), runs, pd.concat([once, twice])).set_index("n_train")
    assert table.loc[20, "progress"] == pytest.approx(1.0)
    assert table.loc[20, "path_difference"] == 0.0
    assert pd.isna(table.loc[10, "progress"])


def test_a_copy_that_learned_half_as_much_made_half_the_progress() -> None:
    runs = pd.DataFrame([run("once", epochs=4), run("twice", n_train=20, data="e", epochs=1)])
    once = curve("once", [2.0, 1.0, 0.5, 0.25, 0.125])
    twice = curve("twice", [2.0, 1.5, 1.0], n_train=20)
    table = from_sweep(claim("redundancy"), runs, pd.concat([once, twice])).set_index("n_train")
    assert table.loc[20, "progress"] == pytest.approx(0.5)
    assert table.loc[20, "path_difference"] == pytest.approx(0.5)


def test_plain_updates_are_read_where_they_have_spent_as_much() -> None:
    repeated = {"updates_per_batch": 100, "tolerance": 0.1}
    runs = pd.DataFrame(
        [
            *(run("plain"), run("fast", learning_rate=0.2), run("again", **repeated)),
            *(run("fast tuning", learning_rate=0.2, seed=9), run("plain tuning", seed=9)),
        ]
    )
    again = curve("again", [2.0, 1.0])
    again["updates"] = [0, 20]
    again["forward_evaluations"] = [0, 15]
    slow, fast = [2.0, 1.0, 0.5, 0.25], [2.0, 0.4, 0.2, 0.1]
    history = pd.concat(
        [
            curve("plain", slow),
            curve("fast", fast),
            again,
            curve("fast tuning", fast),
            curve("plain tuning", slow),
        ]
    )
    table = from_sweep(claim("equal_updates", tuning=(9,)), runs, history)
    found = table[table["identity"] == "again"].iloc[0]
    assert found["plain_at_updates"] == pytest.approx(0.5)
    assert found["plain_at_presentations"] == pytest.approx(1.0)
    assert found["plain_at_evaluations"] == pytest.approx(np.sqrt(0.5 * 0.25))
    assert found["best_plain_at_updates"] == pytest.approx(0.2)


def test_plain_updates_that_were_not_trained_as_long_say_nothing() -> None:
    runs = pd.DataFrame([run("plain"), run("again", updates_per_batch=100, tolerance=0.1)])
    again = curve("again", [2.0, 1.0], per_step=1000)
    table = from_sweep(claim("equal_updates"), runs, pd.concat([curve("plain", [2.0, 1.0]), again]))
    found = table[table["identity"] == "again"].iloc[0]
    assert "plain_at_updates" not in found or pd.isna(found["plain_at_updates"])


def test_only_reported_runs_at_their_chosen_rates_are_tested() -> None:
    runs = pd.DataFrame(
        [
            run(f"{rate} {seed}", learning_rate=rate, seed=seed, validation_loss=abs(rate - 0.2) + 0.1)
            for rate in (0.1, 0.2, 0.4)
            for seed in range(4)
        ]
    )
    history = pd.concat([curve(identity, [2.0, 1.0]) for identity in runs["identity"]])
    evidence = Evidence(claim(tuning=(0, 1)), from_sweep(claim(), runs, history))
    assert sorted(chosen_runs(evidence)) == ["0.2 2", "0.2 3"]
