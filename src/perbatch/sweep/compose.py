"""Composition of a sweep's configs, once per distinct choice of groups instead of once per run.

Hydra composes each job from its files anew, at 50 to 130 ms. Runs of a sweep mostly differ in plain values,
which are set here on a copy of the one composition that all runs with the same groups share.
"""

import logging
import pickle
from functools import cache
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.plugins.config_source import ConfigSource
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

log = logging.getLogger(__name__)


class CachingLoader(ConfigLoader):
    """Hydra's config loader with a faster `load_sweep_config`; all else is passed on.

    The first use of each choice of groups is compared with Hydra's own result. Where they differ it says
    so and leaves that choice to Hydra. The compositions go with the loader to the launchers' workers: there
    they could not be made, since the classes of Hydra's plugins exist twice in a worker and do not pickle.
    """

    def __init__(self, loader: ConfigLoader) -> None:
        """`loader` is Hydra's own."""
        self.loader = loader
        self._groups: dict[str, bool] = {}
        self._compositions: dict[tuple[str, ...], bytes | None] = {}

    def load_sweep_config(self, master_config: DictConfig, sweep_overrides: list[str]) -> DictConfig:
        """Return the config of one job of the sweep that `master_config` describes."""
        overrides = [_parse(text) for text in sweep_overrides]
        values = [override for override in overrides if self._sets_a_value(override)]
        shared = [
            text for text, override in zip(sweep_overrides, overrides, strict=True) if override not in values
        ]
        key = tuple(shared)
        if key not in self._compositions:
            self._compositions[key] = self._first(master_config, shared, values, sweep_overrides)
        base = self._compositions[key]
        config = None if base is None else _with_values(pickle.loads(base), values, overrides)
        if config is None:
            return self.loader.load_sweep_config(master_config, sweep_overrides)
        OmegaConf.copy_cache(from_config=master_config, to_config=config)
        return config

    def _sets_a_value(self, override: Override) -> bool:
        plain = not (override.is_add() or override.is_force_add() or override.is_delete())
        key = override.key_or_group
        if not plain or override.package is not None or key.split(".")[0] == "hydra":
            return False
        return "." in key or isinstance(override.value(), dict) or not self._is_group(key)

    def _is_group(self, key: str) -> bool:
        if key not in self._groups:
            self._groups[key] = bool(self.loader.get_group_options(key, results_filter=None))
        return self._groups[key]

    def _first(
        self, master: DictConfig, shared: list[str], values: list[Override], overrides: list[str]
    ) -> bytes | None:
        """Compose for one choice of groups and hold the fast way against Hydra's on this first use."""
        base = pickle.dumps(self.loader.load_sweep_config(master, shared))
        own = self.loader.load_sweep_config(master, overrides)
        fast = _with_values(pickle.loads(base), values, [_parse(text) for text in overrides])
        if fast is None or fast != own:
            log.warning("Composing every run in full: the short way differs for %s", " ".join(overrides))
            return None
        return base

    def load_configuration(
        self,
        config_name: str | None,
        overrides: list[str],
        run_mode: RunMode,
        from_shell: bool = True,
        validate_sweep_overrides: bool = True,
    ) -> DictConfig:
        """As Hydra's."""
        return self.loader.load_configuration(
            config_name, overrides, run_mode, from_shell, validate_sweep_overrides
        )

    def get_search_path(self) -> ConfigSearchPath:
        """As Hydra's."""
        return self.loader.get_search_path()

    def get_sources(self) -> list[ConfigSource]:
        """As Hydra's."""
        return self.loader.get_sources()

    def list_groups(self, parent_name: str) -> list[str]:
        """As Hydra's."""
        return self.loader.list_groups(parent_name)

    def get_group_options(
        self,
        group_name: str,
        results_filter: ObjectType | None = ObjectType.CONFIG,
        config_name: str | None = None,
        overrides: list[str] | None = None,
    ) -> list[str]:
        """As Hydra's."""
        return self.loader.get_group_options(group_name, results_filter, config_name, overrides)

    def compute_defaults_list(self, config_name: str | None, overrides: list[str], run_mode: RunMode) -> Any:
        """As Hydra's."""
        return self.loader.compute_defaults_list(config_name, overrides, run_mode)


@cache
def _parse(text: str) -> Override:
    return OverridesParser.create().parse_overrides([text])[0]


def _with_values(config: DictConfig, values: list[Override], overrides: list[Override]) -> DictConfig | None:
    """Set plain values on a composed config; None where only Hydra can say what is wrong with one."""
    try:
        for override in values:
            OmegaConf.update(config, override.key_or_group, override.value(), merge=True)
    except OmegaConfBaseException:
        return None
    task = [override for override in overrides if not override.is_hydra_override()]
    config.hydra.overrides.task = [override.input_line for override in task]
    config.hydra.job.override_dirname = _dirname(task, config.hydra.job.config.override_dirname)
    return config


def _dirname(overrides: list[Override], style: DictConfig) -> str:
    """Hydra's `override_dirname`: the overrides, sorted and joined, without the excluded keys."""
    lines = [
        str(override.input_line) for override in overrides if override.key_or_group not in style.exclude_keys
    ]
    return style.item_sep.join(sorted(line.replace("=", style.kv_sep) for line in lines))
