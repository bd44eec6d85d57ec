"""A made-up regression of which all is known: a linear teacher, whose answers carry noise."""

import numpy as np

from perbatch.data.source import Source
from perbatch.errors import UserError


def read(examples: int, features: int, noise: float, seed: int) -> Source:
    """Return `examples` of y = w x + noise, with x (features,) and w drawn by `seed`.

    The features are mixtures of independent bell curves with the variances 1, 1/2, 1/3 and so on, so that a
    gradient is steep in some directions and flat in others, as those of measured data are. w x has the
    variance 1, and the noise the standard deviation `noise`.
    """
    for key, value, least in (("examples", examples, 2), ("features", features, 1)):
        if value < least:
            raise UserError(f"data.reader.{key} is {value}; it must be at least {least}")
    if noise < 0:
        raise UserError(f"data.reader.noise is {noise}; it must be at least 0")
    rng = np.random.default_rng(seed)
    spread = 1 / np.sqrt(np.arange(1, features + 1))
    turn = np.linalg.qr(rng.normal(size=(features, features)))[0]
    sources = rng.normal(size=(examples, features)) * spread
    weights = rng.normal(size=features)
    weights /= np.sqrt(np.square(weights * spread).sum())
    return Source(
        X=sources @ turn,
        y=sources @ weights + noise * rng.normal(size=examples),
        classes=(),
        feature_names=tuple(f"x{place}" for place in range(1, features + 1)),
        title="A linear teacher",
        origin="made up by perbatch",
        licence="MIT",
    )
