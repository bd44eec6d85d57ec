"""Registers perbatch's sweeper with Hydra, which looks for plugins here; the work is in perbatch.sweep."""

from collections.abc import Mapping
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.plugins.sweeper import Sweeper


class PerbatchSweeper(Sweeper):
    """Hydra's face of `perbatch.sweep.sweeper.sweep`."""

    def __init__(self, params: Mapping[str, Any] | None) -> None:
        """`params` is the grid: a sweep override per key, as in Hydra's basic sweeper."""
        self.params = params or {}

    def setup(self, *, hydra_context: Any, task_function: Any, config: Any) -> None:
        """Keep what Hydra hands over until the sweep starts."""
        self._handed: tuple[Any, Any, Any] = hydra_context, task_function, config

    def sweep(self, arguments: list[str]) -> Any:
        """Run the sweep of `params`, overridden and extended by the command line's `arguments`."""
        from perbatch.sweep.sweeper import sweep

        return sweep(self.params, arguments, *self._handed)


ConfigStore.instance().store(
    group="hydra/sweeper",
    name="perbatch",
    node={"_target_": f"{__name__}.PerbatchSweeper", "params": None},
    provider="perbatch",
)
