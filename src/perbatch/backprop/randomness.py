"""One random generator for each purpose, so that no purpose disturbs another."""

from __future__ import annotations

import numpy as np

from perbatch.backprop.checks import whole_number


def generators(seed: int) -> tuple[np.random.Generator, np.random.Generator]:
    """Return the generators of a run's initialisation and of its shuffling, spawned from its seed."""
    initialisation, shuffling = np.random.SeedSequence(whole_number("seed", seed, 0)).spawn(2)
    return np.random.default_rng(initialisation), np.random.default_rng(shuffling)
