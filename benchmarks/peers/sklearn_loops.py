"""scikit-learn: an epoch of MLPClassifier is a call of partial_fit."""

from __future__ import annotations

import numpy as np
from sklearn.neural_network import MLPClassifier

from problem import LEARNING_RATE, Loop, Problem, flat


def partial_fit(problem: Problem) -> Loop:
    """Plain gradient descent: no momentum, no penalty; the order is ours."""
    model = MLPClassifier(
        problem.sizes[1:-1],
        solver="sgd",
        alpha=0.0,
        batch_size=problem.batch_size,
        learning_rate_init=LEARNING_RATE,
        momentum=0.0,
        nesterovs_momentum=False,
        shuffle=False,
    )
    model.partial_fit(problem.inputs, problem.labels, classes=np.arange(problem.sizes[-1]))
    layers = list(zip(model.coefs_, model.intercepts_, strict=True))
    for own, start in zip(layers, problem.layers(problem.theta), strict=True):
        own[0][...], own[1][...] = start

    def epochs(orders: list[np.ndarray]) -> None:
        for order in orders:
            model.partial_fit(problem.inputs[order], problem.labels[order])

    return Loop(epochs, lambda: flat(layers))
