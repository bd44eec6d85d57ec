"""The number that a sampler is told orders trials as the rule of choice does."""

import math
from itertools import pairwise

import pandas as pd
import pytest

pytest.importorskip("optuna")

from perbatch.search import objective

INF = math.inf


def test_cost_leads_then_the_loss_and_a_lost_run_is_infinite() -> None:
    costs, losses = [100.0, 100.0, 100.25, 200.0, INF, INF, INF], [0.1, 0.2, 0.0, INF, 0.5, 900.0, INF]
    trials = pd.DataFrame({objective.LOSS: losses, "evaluations to 0.2": costs, "trial": range(len(costs))})
    told = objective.told(trials)
    assert all(first < second for first, second in pairwise(told))
    assert told[-1] == INF


def test_without_a_target_the_loss_alone_is_told() -> None:
    trials = pd.DataFrame({objective.LOSS: [0.3, 0.5, INF, INF], "trial": [0, 0, 1, 1]})
    assert objective.told(trials) == [0.4, INF]
