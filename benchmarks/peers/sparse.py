"""What skipping zero inputs brings at M = 1, the only place where it is done."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits

from ours import engine
from problem import EXAMPLES, NETWORKS, Problem
from timing import interleaved

SHARES = (0.0, 0.25, 0.5, 0.81, 0.95)  # 0.81 is the share of zeros in MNIST's pictures


def measure(repeats: int) -> list[tuple[str, float, float]]:
    """Return (network and inputs, share of zeros, milliseconds an epoch) of the compiled engine."""
    problems: list[tuple[str, Problem]] = []
    for sizes in NETWORKS:
        for share in SHARES:
            problem = Problem(sizes, 1)
            problem.inputs[np.random.default_rng(5).random(problem.inputs.shape) < share] = 0.0
            problems.append(("-".join(map(str, sizes)), problem))
    digits = Problem(NETWORKS[0], 1)
    digits.inputs[:] = load_digits().data[:EXAMPLES] / 64
    problems.append(("64-32-10, the digits' pixels", digits))

    loops = {(name, str(i)): engine("compiled", problem) for i, (name, problem) in enumerate(problems)}
    times = interleaved(loops, repeats)
    return [
        (name, float((problem.inputs == 0).mean()), float(np.median(times[name, str(i)])))
        for i, (name, problem) in enumerate(problems)
    ]
