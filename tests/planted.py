"""Tables with a known outcome: each planted run says when it reaches the target and where it ends."""

from dataclasses import replace

import numpy as np
import pandas as pd

from perbatch.analysis import EvaluateSettings, build_sweep, choose_all, compare, reported_runs
from perbatch.analysis.results import Results
from perbatch.analysis.tables import Tables, check_tables

N = 100
TARGET = 0.2
TARGETS = {"digits": (TARGET,), "diabetes": (TARGET,)}
SETTINGS = EvaluateSettings(target=TARGETS, tuning_seeds=(0, 1), mini_batch=32)
SEEDS = range(5)
Y_TRAIN = np.sqrt(2) * np.tile([-1.0, 1.0], 50)  # the best constant answer has a loss of 1, as planted starts


def planted_run(
    batch_size=1,
    seed=0,
    rate=0.1,
    reach=None,
    final=None,
    status="finished",
    n=1,
    tolerance=None,
    checks=0.0,
    epochs=10,
    regression=False,
    raising=None,
):
    """One run and its history: loss 1.0 until `reach` presentations, then 0.19, at the end `final`.

    `n` updates a visit; `checks` forward evaluations a presentation; each fourth update from `raising` on
    raises the training loss (none of them by default).
    """
    final = (0.5 if reach is None else 0.1) if final is None else final
    repeats = n > 1 or tolerance is not None
    mode = "stochastic" if batch_size == 1 else "full-batch" if batch_size == N else "mini-batch"
    mode = "repeat" if repeats else mode
    identity = f"{mode}-{batch_size}-{n}-{tolerance}-{rate}-{seed}"
    points = sorted({0, *np.arange(batch_size, N * epochs + 1, batch_size), N * epochs})
    points = [*points[:: max(1, len(points) // 60)], N * epochs]
    points = sorted({*points, reach} if reach is not None else set(points))
    presentations = np.array(points)
    visits = -(-presentations // batch_size)
    loss = np.where(presentations >= (np.inf if reach is None else reach), 0.19, 1.0)
    loss[-1] = final
    if status == "diverged":
        loss[-1] = np.nan
    history = pd.DataFrame(
        {
            "identity": identity,
            "epoch": presentations / N,
            "presentations": presentations,
            "updates": visits * n,
            "gradient_evaluations": presentations * n,
            "forward_evaluations": (presentations * checks).astype(int),
            "train_loss": loss,
            "validation_loss": loss,
            "satisfied_when_left": 0.9 if tolerance is not None else np.nan,
            "still_satisfied": 0.7 if tolerance is not None else np.nan,
            "own_metric": np.nan,
            "next_update_change": [*np.where(np.arange(len(points) - 1) % 4 == raising, 0.1, -0.1), np.nan],
        }
    )
    score = np.nan if status == "diverged" else 0.9
    run = {
        "identity": identity,
        "data": "diabetes" if regression else "digits",
        "task": "regression" if regression else "classification",
        "n_train": N,
        "mode": mode,
        "batch_size": batch_size,
        "updates_per_batch": n,
        "tolerance": tolerance,
        "learning_rate": rate,
        "seed": seed,
        "epochs": epochs,
        "stop_at": np.nan,
        "micro_batch_size": np.nan,
        "shuffle": True,
        "sizes": "4-3-2",
        "activation": "relu",
        "loss": "squared_error" if regression else "cross_entropy",
        "bias": True,
        "output": "linear",
        "dtype": "float64",
        "engine": "numpy",
        "metric": np.nan,
        "status": status,
        **history.iloc[-1][
            ["presentations", "updates", "gradient_evaluations", "forward_evaluations", "validation_loss"]
        ],
        "validation_accuracy": np.nan if regression else score,
        "validation_r2": score if regression else np.nan,
    }
    if status == "failed":
        run |= {"validation_loss": np.nan, "presentations": np.nan}
        history = history.iloc[:0]
    return run, history


def planted_throughput(
    sizes=(1, 31, 32, 33, 40, 48, 63, 64, 65, 96, 100, 127, 128, 129), regression=False, dip=1.0
):
    """Gradient 100 us at M = 1 falling as M^-0.5 (times `dip` at powers of two), forward half of that."""
    rows = []
    for size in sizes:
        gradient = 100 * size**-0.5 * (dip if size in (32, 64, 128) else 1.0)
        rows.append(
            {
                "processor": "Planted Processor",
                "numpy": "2.4.0",
                "engine": "numpy",
                "dtype": "float64",
                "sizes": "4-3-2",
                "loss": "squared_error" if regression else "cross_entropy",
                "activation": "relu",
                "bias": True,
                "output": "linear",
                "batch_size": size,
                "micro_batch_size": np.nan,
                "gradient_us": gradient,
                "gradient_us_low": gradient * 0.99,
                "gradient_us_high": gradient * 1.01,
                "forward_us": gradient / 2,
                "forward_us_low": gradient / 2 * 0.99,
                "forward_us_high": gradient / 2 * 1.01,
                "peak_bytes": 1000 * size,
                "repeats": 5,
            }
        )
    return pd.DataFrame(rows, columns=list(rows[0]) if rows else None)


def planted_tables(runs, throughput=None):
    """Tables of the planted runs (with the throughput above unless given)."""
    regression = any(run["task"] == "regression" for run, _ in runs)
    throughput = planted_throughput(regression=regression) if throughput is None else throughput
    table = pd.DataFrame([run for run, _ in runs])
    history = pd.concat([history for _, history in runs], ignore_index=True)
    data = "diabetes" if regression else "digits"
    return check_tables(Tables(table, history, throughput, (f"data={data}", "epochs=10")))


def contender(reach, seeds=SEEDS, final=None, **settings):
    """Runs over `seeds` of one contender; `reach` and `final` are values or functions of the seed."""
    return [
        planted_run(
            seed=seed,
            reach=reach(seed) if callable(reach) else reach,
            final=final(seed) if callable(final) else final,
            **settings,
        )
        for seed in seeds
    ]


def valued(runs, **settings):
    """The same runs with other values of some columns, so with identities of their own."""
    mark = "".join(f"-{value}" for value in settings.values())
    return [
        (
            run | settings | {"identity": run["identity"] + mark},
            history.assign(identity=run["identity"] + mark),
        )
        for run, history in runs
    ]


def planted_tests(reported):
    """Test metrics for reported runs: losses near the final loss, scores that fall with it."""
    finite = np.where(np.isfinite(reported["final_loss"]), reported["final_loss"], 1.0)
    return pd.DataFrame(
        {
            "identity": reported["identity"].to_numpy(),
            "test_loss": finite + 0.01,
            "test_accuracy": 1 - finite / 2,
            "test_r2": 1 - finite,
        }
    )


def results_of(runs, throughput=None, settings=SETTINGS, searched=None) -> Results:
    """Everything up to the comparison."""
    tables = replace(planted_tables(runs, throughput), searched=searched)
    sweep = build_sweep(tables, settings, Y_TRAIN)
    choices = choose_all(sweep)
    return compare(sweep, choices, planted_tests(reported_runs(sweep, choices)))


def usual_runs():
    """Stochastic at 60 presentations, mini-batch at 96, full batch at 800; repeat needs more."""
    return [
        *contender(lambda s: 60 + s, batch_size=1, final=lambda s: 0.1 + s / 1000),
        *contender(lambda s: 96 + s, batch_size=32, rate=0.3),
        *contender(lambda s: 800 + s, batch_size=N, rate=1.0, final=0.15),
        *contender(lambda s: 50 + s, batch_size=1, n=10, tolerance=0.1, checks=2.0, final=0.14),
    ]
