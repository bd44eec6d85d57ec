"""What per-example gradients have to do with the gradient of a batch, measured at given parameters."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from perbatch.backprop import Network, generators
from perbatch.data import Prepared
from perbatch.runs.scoring import Weights, load_prepared, network_of

SIZES = tuple(2**power for power in range(10))
DRAWS = 4_000
"""Batches of each size, at least."""

EXAMPLES = 200_000
"""Examples in all batches of a size, at least: small batches vary the most."""

GATHERED = 64
"""Up to this size a batch's inner products are looked up; above, a matrix product is faster."""


def measure_gradients(runs: pd.DataFrame, weights: Weights, folder: Path) -> pd.DataFrame:
    """Measure at the start and at the end of each run, on its training part.

    A row a run, moment, way of drawing and batch size M: `variance`, the mean squared distance of the
    gradient of M drawn examples from that of all; `theory`, tr(Sigma) / M with replacement and
    tr(Sigma) / M (n - M) / (n - 1) without; `ratio` of the two; and `mean_error`, the relative difference of
    the mean of all per-example gradients from the gradient of the batch of all.
    """
    data = load_prepared(folder, set(runs["data_digest"]))
    rows: list[dict[str, Any]] = []
    with threadpool_limits(1, user_api="blas"):
        for run in runs.itertuples():
            network, end = network_of(run), weights[run.identity]
            start = network.init(generators(int(run.seed))[0])
            for moment, parameters in (("start", start), ("end", end)):
                found = _at(network, parameters, data, np.random.default_rng(int(run.seed)))
                rows += [{"seed": run.seed, "moment": moment, **row} for row in found]
    return pd.DataFrame(rows)


def _at(
    network: Network, theta: np.ndarray, data: Prepared, rng: np.random.Generator
) -> Iterator[dict[str, Any]]:
    gradients = network.per_example_gradients(theta, data.X_train, data.y_train)
    whole = network.gradient(theta, data.X_train, data.y_train)
    centre = gradients.mean(axis=0)
    error = float(np.linalg.norm(centre - whole) / np.linalg.norm(whole))
    # The squared length of any mean of deviations is a sum over their inner products.
    deviations = gradients - centre
    products = deviations @ deviations.T
    n = len(products)
    trace = float(np.trace(products)) / n
    for replacement in (True, False):
        for size in SIZES:
            variance = _variance(products, size, replacement, rng)
            theory = trace / size * (1.0 if replacement else (n - size) / (n - 1))
            yield {
                "replacement": replacement,
                "batch_size": size,
                "variance": variance,
                "theory": theory,
                "ratio": variance / theory,
                "mean_error": error,
            }


def _variance(products: np.ndarray, size: int, replacement: bool, rng: np.random.Generator) -> float:
    """The mean over many drawn batches of the squared distance of their gradient from that of all."""
    n, draws = len(products), max(DRAWS, EXAMPLES // size)
    total, done = 0.0, 0
    while done < draws:
        batches = _batches(n, size, min(draws - done, 1000), replacement, rng)
        total += _squares(products, batches) / size**2
        done += len(batches)
    return total / done


def _squares(products: np.ndarray, batches: np.ndarray) -> float:
    """The sum over batches of the squared length of the sum of their deviations."""
    if batches.shape[1] <= GATHERED:
        return float(products[batches[:, :, None], batches[:, None, :]].sum())
    counts = np.zeros((len(batches), len(products)))
    np.add.at(counts, (np.arange(len(batches))[:, None], batches), 1.0)
    return float(np.einsum("ij,ij->", counts @ products, counts))


def _batches(n: int, size: int, most: int, replacement: bool, rng: np.random.Generator) -> np.ndarray:
    """Batches (k, size) of row numbers; without replacement cut out of orders of all, as an epoch's are."""
    if replacement:
        return rng.integers(n, size=(most, size))
    whole = n // size
    orders = rng.permuted(np.tile(np.arange(n), (-(-most // whole), 1)), axis=1)
    return orders[:, : whole * size].reshape(-1, size)
