"""Registers perbatch's sweeper with Hydra, which looks for plugins here; the work is in perbatch.sweep."""

from collections.abc import Mapping, Sequence
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.plugins.sweeper import Sweeper


class PerbatchSweeper(Sweeper):
    """Hydra's face of `perbatch.sweep.sweeper.sweep`."""

    def __init__(
        self,
        params: Mapping[str, Any] | None,
        grids: Sequence[Mapping[str, Any]] | None,
        max_combinations: int,
        runs_per_job: int | None,
        search: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep the grid.

        `params` has a sweep override a key, as in Hydra's basic sweeper; each of `grids` is a product of its
        own on top of them. More than `max_combinations` are refused. A job trains `runs_per_job` runs,
        None: as many as last about ten seconds. Where `search` has a
        sampler or a number of trials, a search asks instead of the grid.
        """
        self._search = search
        self._grid = params or {}, grids or [], max_combinations, runs_per_job

    def setup(self, *, hydra_context: Any, task_function: Any, config: Any) -> None:
        """Keep what Hydra hands over until the sweep starts."""
        self._handed: tuple[Any, Any, Any] = hydra_context, task_function, config

    def sweep(self, arguments: list[str]) -> Any:
        """Run the sweep of `params`, overridden and extended by the command line's `arguments`."""
        from perbatch.sweep.sweeper import Call, sweep

        call = Call(*self._grid, arguments, *self._handed)
        if self._search and (self._search["sampler"], self._search["trials"]) != (None, None):
            from perbatch.search.search import search

            return search(self._search, call)
        return sweep(call)


ConfigStore.instance().store(
    group="hydra/sweeper",
    name="perbatch",
    node={
        "_target_": f"{__name__}.PerbatchSweeper",
        "params": None,
        "grids": None,
        "max_combinations": 100_000,
        "runs_per_job": None,
        "search": {"sampler": None, "trials": None, "batch": 4, "seed": 0},
    },
    provider="perbatch",
)
