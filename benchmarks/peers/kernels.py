"""A small sweep on the digits, printed as JSON; `processors` runs it once for each kernel."""

from __future__ import annotations

import single_thread  # noqa: F401, isort: skip

import argparse
import hashlib
import json
import sys

import numpy as np
from sklearn.datasets import load_digits

from perbatch.backprop import Network, generators, train

TRAIN = 1000
BATCH_SIZES = (1, 32, "full")
LEARNING_RATES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
SEEDS = (0, 1, 2)
EPOCHS = 20


def sweep(engine: str) -> dict[str, dict[str, object]]:
    """Return for each run its digest of the parameters and its validation loss."""
    X, y = load_digits(return_X_y=True)
    X = (X - X[:TRAIN].mean(axis=0)) / np.maximum(X[:TRAIN].std(axis=0), 1.0)
    runs = {}
    for activation in ("relu", "tanh"):
        network = Network((64, 32, 10), activation)
        for size in BATCH_SIZES:
            for rate in LEARNING_RATES:
                for seed in SEEDS:
                    run = train(
                        network,
                        network.init(generators(seed)[0]),
                        X[:TRAIN],
                        y[:TRAIN],
                        batch_size=size,
                        learning_rate=rate,
                        epochs=EPOCHS,
                        seed=seed,
                        engine=engine,
                        schedule=[],
                    )
                    loss = network.loss(run.theta, X[TRAIN:], y[TRAIN:])
                    digest = hashlib.sha256(run.theta.tobytes()).hexdigest()
                    runs[f"{activation} M={size} rate={rate:g} seed={seed}"] = {"bits": digest, "loss": loss}
    return runs


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", choices=["numpy", "compiled"])
    json.dump(sweep(parser.parse_args().engine), sys.stdout)
