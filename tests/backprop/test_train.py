from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from perbatch.backprop import Network, generators, train
from perbatch.backprop.run import HISTORY

SETTINGS: dict[str, Any] = {"batch_size": 8, "learning_rate": 0.1, "epochs": 2, "seed": 0}


def test_the_given_theta_is_not_changed(problem: Callable[..., Any]) -> None:
    network, theta, X, y = problem()
    before = theta.copy()
    run = train(network, theta, X, y, **SETTINGS)
    np.testing.assert_array_equal(theta, before)
    assert (run.theta != before).any() and not np.shares_memory(run.theta, theta)


def test_a_run_is_repeated_to_the_bit_and_the_seed_matters(problem: Callable[..., Any]) -> None:
    network, theta, X, y = problem()
    first, second, other = (train(network, theta, X, y, **{**SETTINGS, "seed": s}) for s in (3, 3, 4))
    assert first.theta.tobytes() == second.theta.tobytes() != other.theta.tobytes()
    for key in set(HISTORY) - {"training_seconds"}:
        np.testing.assert_array_equal(first.history[key], second.history[key])


def test_evaluations_do_not_disturb_training(problem: Callable[..., Any]) -> None:
    network, theta, X, y = problem()
    often = train(network, theta, X, y, **SETTINGS, schedule=range(1, 41), validation=(X, y))
    never = train(network, theta, X, y, **SETTINGS, schedule=[])
    assert often.theta.tobytes() == never.theta.tobytes()
    assert never.history["presentations"].tolist() == [0, 40]


def test_without_shuffling_the_order_is_the_datas(problem: Callable[..., Any]) -> None:
    network, theta, X, y = problem(20)
    run = train(network, theta, X, y, **{**SETTINGS, "epochs": 1}, shuffle=False)
    for start in (0, 8, 16):
        theta = theta - 0.1 * network.gradient(theta, X[start : start + 8], y[start : start + 8])
    np.testing.assert_allclose(run.theta, theta, rtol=1e-12)


def test_generators_are_told_by_the_seed_and_apart() -> None:
    one, again = generators(7), generators(7)
    assert one[0].random() == again[0].random() and one[1].random() == again[1].random()
    assert generators(7)[0].random() != generators(7)[1].random() != generators(8)[1].random()


def test_history_has_every_key_at_every_evaluation(problem: Callable[..., Any]) -> None:
    network, theta, X, y = problem(20)
    rows: list[dict[str, float]] = []
    run = train(network, theta, X, y, **SETTINGS, schedule=[5, 6, 20, 33], on_evaluation=rows.append)
    assert tuple(run.history) == HISTORY
    # batches end at 8, 16, 20, 28, 36, 40; the point 6 is passed together with 5, the end is always evaluated
    assert run.history["presentations"].tolist() == [0, 8, 20, 36, 40]
    assert run.history["epoch"].tolist() == [0.0, 0.4, 1.0, 1.8, 2.0]
    assert run.history["updates"].tolist() == [0, 1, 3, 5, 6]
    assert run.history["gradient_evaluations"].tolist() == [0, 8, 20, 36, 40]
    assert all(np.issubdtype(run.history[k].dtype, np.integer) for k in ("presentations", "updates"))
    assert [row["presentations"] for row in rows] == [0, 8, 20, 36, 40]
    for key in HISTORY:
        np.testing.assert_array_equal(run.history[key], [row[key] for row in rows])
    assert not run.diverged and not run.stopped
    assert run.training_seconds > 0 and run.evaluation_seconds > 0
    assert (np.diff(run.history["training_seconds"]) > 0).all()


def test_the_default_schedule_is_one_for_all_batch_sizes(problem: Callable[..., Any]) -> None:
    network, theta, X, y = problem(20)
    stochastic, full = (
        train(network, theta, X, y, **{**SETTINGS, "batch_size": b, "epochs": 5}).history["presentations"]
        for b in (1, "full")
    )
    assert stochastic.tolist() == [0, 10, 12, 14, 17, 21, 25, 30, 36, 43, 52, 62, 74, 89, 100]
    assert full.tolist() == [0, 20, 40, 60, 80, 100]


def test_classification_is_measured_on_both_sets(problem: Callable[..., Any]) -> None:
    network, theta, X, y = problem(20)
    Xv, yv = X[:7] + 0.1, y[:7]
    run = train(network, theta, X, y, **SETTINGS, validation=(Xv, yv))
    last = {key: values[-1] for key, values in run.history.items()}
    for prefix, inputs, labels in (("train", X, y), ("validation", Xv, yv)):
        hits = network.predict(run.theta, inputs).argmax(axis=1) == labels
        assert last[f"{prefix}_loss"] == pytest.approx(network.loss(run.theta, inputs, labels), rel=1e-12)
        assert last[f"{prefix}_accuracy"] == pytest.approx(hits.mean())
        assert np.isnan(last[f"{prefix}_r2"])
    gradient = network.gradient(run.theta, X, y)
    assert last["gradient_norm"] == pytest.approx(np.sqrt((gradient**2).sum()), rel=1e-10)
    assert run.history["train_loss"][0] == pytest.approx(network.loss(theta, X, y), rel=1e-12)


def test_regression_is_measured_by_r2_never_accuracy(problem: Callable[..., Any]) -> None:
    network, theta, X, y = problem(20, (4, 5, 1), loss="squared_error")
    run = train(network, theta, X, y[:, 0], **SETTINGS, validation=(X[:5], y[:5, 0]))
    residual = network.predict(run.theta, X)[:, 0] - y[:, 0]
    expected = 1 - (residual**2).sum() / ((y - y.mean()) ** 2).sum()
    assert run.history["train_r2"][-1] == pytest.approx(expected, rel=1e-10)
    assert np.isfinite(run.history["validation_r2"]).all()
    assert (
        np.isnan(run.history["train_accuracy"]).all() and np.isnan(run.history["validation_accuracy"]).all()
    )


def test_labels_with_squared_error_are_classification(problem: Callable[..., Any]) -> None:
    network, theta, X, _ = problem(20, loss="squared_error", output="sigmoid")
    labels = np.arange(20) % 3
    run = train(network, theta, X, labels, **SETTINGS)
    assert np.isfinite(run.history["train_accuracy"]).all() and np.isnan(run.history["train_r2"]).all()
    assert np.isnan(run.history["validation_loss"]).all()


def test_sets_larger_than_one_pass_are_measured_whole(problem: Callable[..., Any]) -> None:
    network, theta, X, y = problem(600)
    run = train(network, theta, X, y, **{**SETTINGS, "epochs": 1}, schedule=[])
    assert run.history["train_loss"][0] == pytest.approx(network.loss(theta, X, y), rel=1e-12)
    norm = np.linalg.norm(network.gradient(theta, X, y))
    assert run.history["gradient_norm"][0] == pytest.approx(norm, rel=1e-10)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error"])
@pytest.mark.parametrize("bias", [True, False])
def test_gradient_variance_is_the_trace_of_the_examples_covariance(
    problem: Callable[..., Any], loss: str, bias: bool, dtype: str
) -> None:
    network, theta, X, y = problem(300, (4, 6, 5, 3), loss=loss, bias=bias, dtype=dtype)
    run = train(network, theta, X, y, **SETTINGS, schedule=[])
    for index, at in ((0, theta), (-1, run.theta)):
        gradients = network.per_example_gradients(at, X, y).astype(float)
        trace = np.square(gradients - gradients.mean(axis=0)).sum() / len(X)
        found = run.history["gradient_variance"][index]
        assert found == pytest.approx(trace, rel=1e-10 if dtype == "float64" else 1e-5)


def test_gradient_variance_of_equal_examples_is_nothing(problem: Callable[..., Any]) -> None:
    network, theta, X, y = problem(20)
    X[:], y[:] = X[0], y[0]
    variance = train(network, theta, X, y, **SETTINGS).history["gradient_variance"]
    assert (variance >= 0).all() and variance.max() < 1e-14


@pytest.mark.parametrize("engine", ["numpy", "compiled"])
@pytest.mark.parametrize("batch_size", [1, 8, 300, "full"])
def test_the_next_update_changes_the_loss_as_foretold(
    problem: Callable[..., Any], batch_size: int | str, engine: str
) -> None:
    network, theta, X, y = problem(600)
    settings = {**SETTINGS, "batch_size": batch_size, "engine": engine, "epochs": 2, "learning_rate": 0.3}
    history = train(network, theta, X, y, **settings, schedule=range(1, 1200)).history
    np.testing.assert_allclose(
        history["next_update_change"][:-1], np.diff(history["train_loss"]), rtol=1e-6, atol=1e-12
    )
    assert np.isnan(history["next_update_change"][-1])


def test_the_next_update_of_a_repeat_is_its_first_and_none_where_the_batch_is_skipped(
    problem: Callable[..., Any],
) -> None:
    network, theta, X, y = problem(20)
    settings = {**SETTINGS, "batch_size": 1, "epochs": 2, "shuffle": False, "schedule": range(1, 40)}
    changes = train(network, theta, X, y, **settings, updates_per_batch=5, tolerance=1.0).history
    for count in range(1, 20):  # the run that ends before this visit has the theta that the visit meets
        before = train(
            network,
            theta,
            X[:count],
            y[:count],
            **{**settings, "epochs": 1},
            updates_per_batch=5,
            tolerance=1.0,
        ).theta
        one, label = X[count : count + 1], y[count : count + 1]
        after = before - settings["learning_rate"] * network.gradient(before, one, label)
        expected = network.loss(after, X, y) - network.loss(before, X, y)
        if network.loss(before, one, label) <= 1.0:
            expected = np.nan
        assert changes["next_update_change"][count] == pytest.approx(expected, rel=1e-6, nan_ok=True)
    assert 0 < np.isnan(changes["next_update_change"][1:20]).sum() < 19


def test_training_stops_at_a_validation_loss(problem: Callable[..., Any]) -> None:
    network, theta, X, y = problem(20)
    settings: dict[str, Any] = {
        **SETTINGS,
        "epochs": 50,
        "validation": (X, y),
        "schedule": range(20, 1001, 20),
    }
    whole = train(network, theta, X, y, **settings).history["validation_loss"]
    target = float(whole[10])
    run = train(network, theta, X, y, **settings, stop_at=target)
    assert run.stopped and not run.diverged
    first = int(np.argmax(whole <= target))
    np.testing.assert_array_equal(run.history["validation_loss"], whole[: first + 1])
    assert not train(network, theta, X, y, **settings, stop_at=0.0).stopped


@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error"])
@pytest.mark.parametrize("mode", [{}, {"updates_per_batch": 3, "tolerance": 0.1}, {"micro_batch_size": 3}])
def test_divergence_ends_training_and_is_in_the_history(
    problem: Callable[..., Any], loss: str, mode: dict[str, Any]
) -> None:
    network, theta, X, y = problem(20, loss=loss)
    run = train(network, theta, X, y, **{**SETTINGS, "learning_rate": 1e200, "epochs": 50}, **mode)
    assert run.diverged and not run.stopped
    finite = np.isfinite(run.history["train_loss"])
    assert finite[:-1].all()
    assert not (finite[-1] and np.isfinite(run.theta).all())
    assert run.history["presentations"][-1] < 1000


def test_a_theta_that_is_not_finite_is_diverged_even_where_the_loss_is_finite(
    problem: Callable[..., Any],
) -> None:
    network, theta, X, y = problem(20)
    _, b = network.unpack(theta)[0]
    b[0] = -np.inf  # a relu unit that is off for good
    run = train(network, theta, X, y, **SETTINGS)
    assert run.diverged and np.isfinite(run.history["train_loss"][-1])


def test_float32_stays_float32_in_training(problem: Callable[..., Any]) -> None:
    network, theta, X, y = problem(20, dtype="float32", activation="tanh")
    double = Network(network.sizes, activation="tanh")
    modes: list[dict[str, Any]] = [{}, {"updates_per_batch": 3, "tolerance": 0.5}, {"micro_batch_size": 3}]
    for mode in modes:
        run = train(network, theta, X, y, **SETTINGS, **mode)
        assert run.theta.dtype == np.float32
        reference = train(double, theta, X, y, **SETTINGS, **mode)
        np.testing.assert_allclose(run.theta, reference.theta, rtol=1e-3, atol=1e-5)


def test_training_learns(problem: Callable[..., Any]) -> None:
    network, theta, X, _ = problem(200)
    y = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)
    run = train(network, theta, X, y, **{**SETTINGS, "epochs": 60})
    assert run.history["train_accuracy"][-1] > 0.95


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch_size": 0}, "batch_size.*at least 1.*0"),
        ({"batch_size": -1}, "batch_size.*-1"),
        ({"batch_size": 1.5}, "batch_size.*1.5"),
        ({"batch_size": True}, "batch_size.*True"),
        ({"batch_size": "abc"}, "batch_size.*'full'.*abc"),
        ({"learning_rate": 0}, "learning_rate.*above 0"),
        ({"learning_rate": -1.0}, "learning_rate.*-1"),
        ({"learning_rate": float("nan")}, "learning_rate.*nan"),
        ({"learning_rate": float("inf")}, "learning_rate.*inf"),
        ({"learning_rate": "abc"}, "learning_rate.*abc"),
        ({"epochs": 0}, "epochs"),
        ({"seed": -1}, "seed.*at least 0.*-1"),
        ({"updates_per_batch": 0}, "updates_per_batch"),
        ({"tolerance": -1.0}, "tolerance.*at least 0.*-1"),
        ({"micro_batch_size": 0}, "micro_batch_size"),
        ({"engine": "abacus"}, "engine.*numpy.*abacus"),
        ({"stop_at": 0.1}, "stop_at needs validation"),
        ({"schedule": [3, 2]}, "schedule.*increase"),
        ({"schedule": [0, 2]}, "schedule.*1 or later"),
        ({"schedule": [1.5]}, "schedule.*whole numbers"),
    ],
)
def test_bad_settings_are_refused_with_a_sentence(
    problem: Callable[..., Any], settings: dict[str, Any], message: str
) -> None:
    network, theta, X, y = problem()
    with pytest.raises(ValueError, match=message):
        train(network, theta, X, y, **{**SETTINGS, **settings})


@pytest.mark.parametrize("engine", ["numpy", "compiled"])
def test_a_metric_of_ones_own_is_made_from_theta_until_it_diverges(
    problem: Callable[..., Any], engine: str
) -> None:
    network, theta, X, y = problem(20, loss="squared_error")
    seen: list[np.ndarray] = []

    def metric(theta: np.ndarray) -> float:
        seen.append(theta.copy())
        theta.fill(np.nan)
        return network.loss(seen[-1], X, y)

    settings = {**SETTINGS, "engine": engine}
    run = train(network, theta, X, y, **settings, metric=metric)
    np.testing.assert_allclose(run.history["own_metric"], run.history["train_loss"], rtol=1e-12)
    without = train(network, theta, X, y, **settings)
    assert seen[-1].tobytes() == run.theta.tobytes() == without.theta.tobytes()
    lost = train(network, theta, X, y, **{**settings, "learning_rate": 1e200}, metric=metric)
    assert lost.diverged and np.isnan(lost.history["own_metric"][-1])
    assert all(np.isfinite(each).all() for each in seen)
