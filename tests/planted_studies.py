"""Evidence made to order: for each study one table that shows its claim, one that refutes it, one unclear."""

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

SHOWN, REFUTED, UNCLEAR = "reproduced", "not reproduced", "undecided"
SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000]
RATES = [2.0**power for power in range(-6, 2)]


def sweep(
    sizes: Iterable[int],
    rates: list[float],
    seeds: int,
    best: Callable[[int], float],
    row: Callable[[int, int], dict[str, float]],
    **axes: object,
) -> pd.DataFrame:
    """A row a run: `row(size, seed)` at the best rate, twice as much of every count to a target beside it."""
    rows = []
    for size in sizes:
        for rate in rates:
            for seed in range(seeds):
                found = row(size, seed)
                away = abs(np.log2(rate / best(size)))
                counts = {name: value * 2.0**away for name, value in found.items() if "_to_" in name}
                spent = {
                    name.replace("updates", "gradient_evaluations"): value * size
                    for name, value in counts.items()
                    if name.startswith("updates")
                }
                checks = {
                    name.replace("updates", "forward_evaluations"): 0
                    for name in counts
                    if name.startswith("updates")
                }
                rows.append(
                    {"n_train": 1000, "batch_size": size, "learning_rate": rate, "seed": seed}
                    | {"epochs": 100, "status": "finished", "validation_loss": 0.1 + 0.01 * away}
                    | {"validation_accuracy": 0.95, **found, **spent, **checks, **counts, **axes}
                )
    return pd.DataFrame(rows)


def wobble(seed: int, size: float) -> float:
    """A factor near 1 that differs between seeds, the same on every call."""
    return float(np.exp(size * np.sin(1.0 + 2.4 * seed)))


def online_vs_batch(kind: str) -> pd.DataFrame:
    slope = 0.5 if kind == REFUTED else 0.95
    best = 16.0 if kind == UNCLEAR else 4.0

    def row(size: int, seed: int) -> dict[str, float]:
        epochs = 3.0 * size**slope * wobble(seed, 0.02)
        return {
            "epochs_to_0.05": epochs,
            "updates_to_0.05": 1000 * epochs / size,
            "test_accuracy": 0.95 + 0.001 * np.cos(seed + size),
        }

    return sweep([1, 10, 100, 1000], [0.5, 1, 2, 4, 8, 16], 12, lambda _: best, row)


def steps_to_target(kind: str) -> pd.DataFrame:
    critical = {SHOWN: 40.0, REFUTED: 1e6, UNCLEAR: 40.0}[kind]

    def row(size: int, seed: int) -> dict[str, float]:
        noise = wobble(seed * size, 0.5) if kind == UNCLEAR and size > 128 else 1.0
        return {"updates_to_0.2": 100 * (1 + critical / size) * noise * wobble(seed, 0.02)}

    table = sweep(SIZES, RATES, 7, lambda size: 0.25, row)
    return table


def critical_batch_size(kind: str) -> pd.DataFrame:
    critical = {0.6: 20.0, 0.4: 40.0, 0.2: 60.0, 0.13: 80.0}
    factor = {SHOWN: 2.0, REFUTED: 50.0, UNCLEAR: 4.0}[kind]

    def row(size: int, seed: int) -> dict[str, float]:
        found = {}
        for target, batch in critical.items():
            found[f"updates_to_{target:g}"] = 100 * (1 + batch / size) * wobble(seed, 0.01)
            found[f"variance_to_{target:g}"] = factor * batch * wobble(seed, 0.3)
            found[f"squared_gradient_to_{target:g}"] = 1.0
        return found

    return sweep(SIZES, RATES, 7, lambda size: 0.25, row)


def small_batches(kind: str) -> pd.DataFrame:
    rows = []
    for size in (1, 2, 4, 8, 16, 32, 128, 512):
        width = 8 if kind == REFUTED else 8 - 2 * (size > 16) - 2 * (size > 100)
        for power in range(-13, 1):
            for seed in range(7):
                usable = -10 <= power < -10 + width
                rows.append(
                    {"n_train": 1000, "batch_size": size, "learning_rate": size * 2.0**power, "seed": seed}
                    | {"epochs": 30, "status": "finished", "validation_loss": 0.1}
                    | {"validation_accuracy": (0.95 if usable else 0.5) + 0.001 * (power == -8) * (size == 8)}
                    | {"test_accuracy": _tested(kind, size, seed)}
                )
    return pd.DataFrame(rows)


def _tested(kind: str, size: int, seed: int) -> float:
    level = 0.96 if 2 <= size <= 32 else 0.94
    noise = 0.05 if kind == UNCLEAR else 0.001
    return level + noise * float(np.sin(2.4 * seed + size))


def redundancy(kind: str) -> pd.DataFrame:
    progress = {SHOWN: 0.97, REFUTED: 0.5, UNCLEAR: 0.86}[kind]
    rows = [
        {"data": "digits_ten_times", "n_train": 10000, "batch_size": size, "learning_rate": 0.1, "seed": seed}
        | {"epochs": 1, "status": "finished", "validation_loss": 0.1}
        | {"progress": 0.1 if size == 10000 else progress * wobble(seed, 0.05)}
        | {"path_difference": 1e-15 if size == 10000 else 0.01}
        for size in (1, 10, 10000)
        for seed in range(7)
    ]
    return pd.DataFrame(rows)


def until_satisfied(kind: str) -> pd.DataFrame:
    worse = {SHOWN: 3.0, REFUTED: 0.3, UNCLEAR: 1.0}[kind]
    contenders = [
        *(
            (1, times, tolerance, order)
            for times in (100, 1)
            for tolerance in (0.01, 0.1)
            for order in (0, 1)
        ),
        *((size, 10 if size == 1 else 16, np.nan, order) for size in (1, 10, 100) for order in (0, 1)),
    ]
    rows = []
    for size, times, tolerance, order in contenders:
        for rate in (0.015, 0.03, 0.06):
            for seed in range(7):
                plain = 0.3 * wobble(seed, 0.1)
                loss = worse * wobble(3 * seed + 1, 0.2) * plain * (1 + abs(np.log(rate / 0.03)))
                clocks = ("updates", "presentations", "evaluations")
                rows.append(
                    {"batch_size": size, "n_train": 1000, "updates_per_batch": times, "tolerance": tolerance}
                    | {"shuffle": bool(order), "learning_rate": rate, "seed": seed, "epochs": 1}
                    | {"status": "finished", "validation_loss": loss, "satisfied_when_left": 0.99}
                    | {"still_satisfied": 0.5 * wobble(seed, 0.05)}
                    | {f"{which}plain_at_{clock}": plain for which in ("", "best_") for clock in clocks}
                )
    return pd.DataFrame(rows)


def gradient_variance(kind: str) -> pd.DataFrame:
    slope = {SHOWN: -1.0, REFUTED: -0.5, UNCLEAR: -1.03}[kind]
    rows = []
    for seed in range(5):
        for moment in ("start", "end"):
            for replacement in (True, False):
                for size in (1, 2, 4, 8, 16):
                    theory = 20.0 / size
                    measured = 20.0 * size ** (slope + 0.01 * np.sin(seed) * (kind == UNCLEAR))
                    rows.append(
                        {"seed": seed, "moment": moment, "replacement": replacement, "batch_size": size}
                        | {"variance": measured, "theory": theory, "mean_error": 1e-15}
                        | {"ratio": 2.0 if kind == REFUTED else 1.01}
                    )
    return pd.DataFrame(rows)


def powers_of_two(kind: str) -> pd.DataFrame:
    dip = {SHOWN: 0.8, REFUTED: 1.0, UNCLEAR: 0.94}[kind]
    rows = []
    for engine in ("compiled", "numpy"):
        for size in (31, 32, 33, 40, 48, 63, 64, 65, 96, 100, 127, 128, 129):
            time = 0.3 * (dip if size in (32, 64, 128) else 1.0)
            rows.append(
                {"processor": "a processor", "engine": engine, "dtype": "float64", "batch_size": size}
                | {"sizes": "64-32-10", "micro_batch_size": np.nan, "gradient_us": time}
                | {"gradient_us_low": 0.98 * time, "gradient_us_high": 1.02 * time}
            )
    return pd.DataFrame(rows)


def fresh_order(kind: str) -> pd.DataFrame:
    gain = {SHOWN: 0.9, REFUTED: 1.2, UNCLEAR: 1.0}[kind]

    def one(shuffle: bool) -> pd.DataFrame:
        def row(size: int, seed: int) -> dict[str, float]:
            noise = 0.4 if kind == UNCLEAR else 0.03
            factor = gain * wobble(seed, noise) if shuffle and size < 1000 else 1.0
            epochs = 2.0 * size**0.8 * factor
            return {"epochs_to_0.2": epochs, "updates_to_0.2": 1000 * epochs / size}

        return sweep([1, 32, 1000], RATES, 12, lambda size: 0.25, row, shuffle=shuffle)

    return pd.concat([one(True), one(False)], ignore_index=True)


ELSEWHERE = {"teacher": 100, "wine_studies": 106, "digits_studies": 1000, "teacher_ten_times": 1000}


def elsewhere(kind: str, slower: Iterable[str] = ()) -> pd.DataFrame:
    """Four modes on four data sets and two networks; in `slower` the full batch needs fewer epochs."""
    slower = ("digits_studies",) if kind == REFUTED else tuple(slower)
    noise = 2.0 if kind == UNCLEAR else 0.02
    rows = []
    for data, n_train in ELSEWHERE.items():
        full = 0.5 if data in slower else 6.0
        stochastic = 60.0 / n_train
        modes = {(1, 1): stochastic, (32, 1): 3 * stochastic, (n_train, 1): full, (1, 10): 1.1 * stochastic}
        if data in slower:
            modes[1, 1], modes[32, 1], modes[1, 10] = 1.0, 3.0, 1.1
        for hidden in ("", "-32"):
            for (size, times), epochs in modes.items():
                for rate in RATES:
                    for seed in range(12):
                        away = 2.0 ** abs(np.log2(rate / 0.25))
                        took = epochs * away * wobble(seed * size, noise)
                        checks = took if times > 1 else 0.0
                        rows.append(
                            {"data": data, "n_train": n_train, "batch_size": size, "updates_per_batch": times}
                            | {"tolerance": 0.1 if times > 1 else np.nan, "sizes": f"4{hidden}-1"}
                            | {"learning_rate": rate, "seed": seed, "epochs": 100, "status": "finished"}
                            | {"validation_loss": 0.1, "target": 0.2, "epochs_to_target": took}
                            | {"evaluations_to_target": n_train * (took + 0.5 * checks)}
                        )
    return pd.DataFrame(rows)


def elsewhere_larger(kind: str) -> pd.DataFrame:
    """As `elsewhere`, but what is unclear is whether the full batch needs more epochs on one data set."""
    table = elsewhere(kind)
    full = (table["data"] == "digits_studies") & (table["batch_size"] == table["n_train"])
    if kind == UNCLEAR:
        table.loc[full, ["epochs_to_target", "evaluations_to_target"]] *= 0.01
    return table


PLANTED: dict[str, Callable[[str], pd.DataFrame]] = {
    each.__name__: each
    for each in (
        *(online_vs_batch, steps_to_target, critical_batch_size, small_batches, redundancy),
        *(until_satisfied, gradient_variance, powers_of_two, fresh_order, elsewhere),
        elsewhere_larger,
    )
}
