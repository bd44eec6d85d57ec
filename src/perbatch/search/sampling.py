"""Optuna, which asks for trials: one study a cell, in memory, replayed from the first trial each time."""

import warnings
from collections.abc import Mapping
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution

SAMPLERS = ("tpe", "random", "qmc")


def study(sampler: str, seed: int, ranges: Mapping[str, BaseDistribution]) -> optuna.Study:
    """Return a study: the same seed, ranges and told values give the same trials.

    `sampler` is one of SAMPLERS.
    """
    return optuna.create_study(sampler=_sampler(sampler, seed, ranges))


def _sampler(name: str, seed: int, ranges: Mapping[str, BaseDistribution]) -> Any:
    if name == "tpe":
        return optuna.samplers.TPESampler(seed=seed)
    if name == "random":
        return optuna.samplers.RandomSampler(seed=seed)

    class Known(optuna.samplers.QMCSampler):
        """Would draw at random until a trial is told, for it learns the space of that one."""

        def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, BaseDistribution]:
            return {
                key: each for key, each in ranges.items() if not isinstance(each, CategoricalDistribution)
            }

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return Known(scramble=True, seed=seed, warn_independent_sampling=False)
