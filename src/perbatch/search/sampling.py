"""Optuna, which asks for trials: one study a cell, in memory, replayed from the first trial each time."""

import warnings
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, cast

from perbatch import advice
from perbatch.errors import UserError
from perbatch.search.space import Range, Value

try:
    import optuna
    from optuna.distributions import (
        BaseDistribution,
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )
except ModuleNotFoundError as error:
    raise UserError(f"a search needs Optuna, which is not installed: {advice.install('search')}") from error

SAMPLERS = ("tpe", "random", "qmc")
VERSION = version("optuna")

optuna.logging.set_verbosity(optuna.logging.WARNING)


class Asking:
    """One cell's trials, in the order of their numbers."""

    def __init__(self, sampler: str, seed: int, ranges: Mapping[str, Range]) -> None:
        """`sampler` is one of SAMPLERS; the same seed, ranges and told values give the same trials."""
        self._space = distributions(ranges)
        self._ranges = ranges
        self._study = optuna.create_study(sampler=_sampler(sampler, seed, self._space))
        self._open: list[Any] = []

    def ask(self, count: int) -> list[dict[str, Value]]:
        """Return the values of the next `count` trials, rounded."""
        self._open = [self._study.ask(self._space) for _ in range(count)]
        return [
            {key: self._ranges[key].rounded(value) for key, value in trial.params.items()}
            for trial in self._open
        ]

    def tell(self, values: list[float]) -> None:
        """Tell the values of the trials that were asked last, in their order."""
        for trial, value in zip(self._open, values, strict=True):
            self._study.tell(trial, value)


def distributions(ranges: Mapping[str, Range]) -> dict[str, BaseDistribution]:
    """Return the ranges as Optuna has them."""
    return {key: _distribution(each) for key, each in ranges.items()}


def _sampler(name: str, seed: int, space: Mapping[str, BaseDistribution]) -> Any:
    if name == "tpe":
        return optuna.samplers.TPESampler(seed=seed)
    if name == "random":
        return optuna.samplers.RandomSampler(seed=seed)

    class Known(optuna.samplers.QMCSampler):
        """Would draw at random until a trial is told, for it learns the space of that one."""

        def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, BaseDistribution]:
            return {key: each for key, each in space.items() if not isinstance(each, CategoricalDistribution)}

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return Known(scramble=True, seed=seed, warn_independent_sampling=False)


def _distribution(each: Range) -> BaseDistribution:
    if each.choices:
        return CategoricalDistribution(each.choices)
    if isinstance(each.low, int):
        return IntDistribution(each.low, cast(int, each.high), log=each.log)
    return FloatDistribution(each.low, each.high, log=each.log)
