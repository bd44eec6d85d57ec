"""Composition of a sweep's configs, once per distinct choice of groups instead of once per run.

Hydra composes each job from its files anew, at 50 to 130 ms. Runs of a sweep mostly differ in plain values,
which are set here on a copy of the one composition that all runs with the same groups share.
"""

import logging
import pickle
import re
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cache, reduce
from operator import getitem
from typing import Any, NamedTuple, cast

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from perbatch.launch import packs

log = logging.getLogger(__name__)


INTERPOLATION = re.compile(r"\$\{(?!oc\.env:|checkout:|runs:|server:)")
"""An interpolation that may refer to another key: all but those of the resolvers that never do."""

WHOLE = re.compile(r"([A-Za-z_][\w.]*)=(0|[1-9][0-9]*)")
"""An override that sets a whole number."""


class Unusual(Exception):
    """A choice of groups that only Hydra itself composes."""


@dataclass(frozen=True, eq=False)
class Base:
    """One composition, pickled: of the whole config, of the job's part, and of that part's plain values.

    The last is None where a value may follow another (an interpolation), so that each job must be resolved.
    """

    whole: bytes
    job: bytes
    plain: bytes | None


class Kind(NamedTuple):
    """What an override is: of thousands of runs each has several, and most of those are shared."""

    sets: bool
    """Whether it does no more than set a value."""
    follows: bool
    """Whether that value may follow another."""
    forms: bool
    """Whether it adds or deletes a key."""


class CachingLoader(ConfigLoaderImpl):
    """Hydra's config loader with a faster `load_sweep_config`.

    The first use of each choice of groups is compared with Hydra's own result. Where they differ it says
    so and leaves that choice to Hydra. The compositions go with the loader to the launchers' workers: there
    they could not be made, since the classes of Hydra's plugins exist twice in a worker and do not pickle.
    """

    def __init__(self, loader: ConfigLoader) -> None:
        """`loader` is Hydra's own."""
        vars(self).update(vars(loader))
        self._groups: dict[str, bool] = {}
        self._bases: dict[tuple[str, ...], Base | None] = {}
        self._values: dict[tuple[Base, str], Any] = {}
        self._kinds: dict[str, Kind] = {}
        self._whole: set[tuple[Base, str]] = set()

    def load_sweep_config(self, master_config: DictConfig, sweep_overrides: list[str]) -> DictConfig:
        """Return the config of one job of the sweep that `master_config` describes."""
        if pack := packs.of(sweep_overrides):
            first = self.load_sweep_config(master_config, pack.runs[0].overrides)
            return packs.as_job_of(first, pack)
        return self.load_job(master_config, sweep_overrides)[0]

    def load_job(self, master: DictConfig, sweep_overrides: list[str]) -> tuple[DictConfig, DictConfig]:
        """Return the config of one run of the sweep, with Hydra's part and without it; they share nothing."""
        overrides = [_parse(text) for text in sweep_overrides]
        base = self._base(master, overrides)
        try:
            if base is None:
                raise Unusual
            whole, own = (self._with_values(pickle.loads(part), overrides) for part in (base.whole, base.job))
        except (Unusual, OmegaConfBaseException):
            whole = super().load_sweep_config(master, sweep_overrides)
            return whole, _job_part(deepcopy(whole))
        _describe(whole, overrides, master)
        for config in (whole, own):
            OmegaConf.copy_cache(from_config=master, to_config=config)
        return whole, own

    def settings(self, master: DictConfig, sweep_overrides: list[str]) -> dict[Any, Any]:
        """Return one job's config, resolved and without Hydra's part, as plain values.

        It plans thousands of runs, at well under a millisecond each.
        """
        overrides = [_parse(text) for text in sweep_overrides]
        base = self._base(master, overrides)
        try:
            if base is None:
                raise Unusual
            kinds = [(each, self._kind(each)) for each in overrides]
            changed = [each for each, kind in kinds if kind.sets]
            if base.plain is None or any(kind.follows for _, kind in kinds):
                return _plain(self._with_values(pickle.loads(base.job), overrides))
            values = pickle.loads(base.plain)
            for override in changed:
                *path, last = override.key_or_group.split(".")
                reduce(getitem, path, values)[last] = self._value(base, override)
            return values
        except (Unusual, OmegaConfBaseException):
            # Also where a value refers to Hydra's part. What is wrong with a bad one Hydra itself says.
            return _plain(_job_part(self.load_sweep_config(master, sweep_overrides)))

    def value_set_by(self, sweep_override: str) -> tuple[str, Any] | None:
        """Return the dotted key and the value of an override that does no more than set it, else None."""
        override = _parse(sweep_override)
        return (override.key_or_group, override.value()) if self._kind(override).sets else None

    def _value(self, base: Base, override: Override) -> Any:
        """The value that an override sets, as its key's type makes it; else OmegaConf's error."""
        given = override.value()
        if type(given) is int and (base, override.key_or_group) in self._whole:
            return given
        key = base, str(override.input_line)
        if key not in self._values:
            config = self._with_values(pickle.loads(base.job), [override])
            self._values[key] = _plain(OmegaConf.select(config, override.key_or_group))
        value = self._values[key]
        if type(given) is int and type(value) is int:  # the key takes any other as it is, too
            self._whole.add((base, override.key_or_group))
        return deepcopy(value) if isinstance(value, (dict, list)) else value

    def _base(self, master: DictConfig, overrides: list[Override]) -> Base | None:
        kinds = [(each, self._kind(each)) for each in overrides]
        forms = [each.key_or_group for each, kind in kinds if kind.forms]
        values = [each.key_or_group for each, kind in kinds if kind.sets]
        if any(_related(form, value) for form in forms for value in values):
            return None  # the order of the two counts
        shared = tuple(str(each.input_line) for each, kind in kinds if not kind.sets)
        if shared not in self._bases:
            self._bases[shared] = self._compose(master, shared, overrides)
        return self._bases[shared]

    def _compose(self, master: DictConfig, shared: Sequence[str], overrides: list[Override]) -> Base | None:
        """Compose for one choice of groups and hold the short way against Hydra's on this first use."""
        lines = [str(each.input_line) for each in overrides]
        own = super().load_sweep_config(master, lines)
        whole = pickle.dumps(super().load_sweep_config(master, list(shared)))
        short = self._with_values(pickle.loads(whole), overrides)
        _describe(short, overrides, master)
        if short != own:
            log.warning("Composing every run in full: the short way differs for %s", " ".join(lines))
            return None
        job = _job_part(pickle.loads(whole))
        follows = INTERPOLATION.search(OmegaConf.to_yaml(job)) is not None
        return Base(whole, pickle.dumps(job), None if follows else pickle.dumps(_plain(job)))

    def _with_values(self, config: DictConfig, overrides: list[Override]) -> DictConfig:
        for override in overrides:
            if self._kind(override).sets:
                OmegaConf.update(config, override.key_or_group, override.value(), merge=True)
        return config

    def _kind(self, override: Override) -> Kind:
        text = str(override.input_line)
        if text not in self._kinds:
            sets = self._sets_a_value(override)
            self._kinds[text] = Kind(sets, sets and _may_follow(override), _adds_or_deletes(override))
        return self._kinds[text]

    def _sets_a_value(self, override: Override) -> bool:
        key = override.key_or_group
        if _adds_or_deletes(override) or override.package is not None:
            return False
        if key.split(".")[0] == "hydra":
            return False
        return "." in key or isinstance(override.value(), dict) or not self._is_group(key)

    def _is_group(self, key: str) -> bool:
        if key not in self._groups:
            self._groups[key] = bool(self.get_group_options(key, results_filter=None))
        return self._groups[key]


@cache
def _parse(text: str) -> Override:
    """Parse an override. One that sets a whole number is like the others of its key: seeds are many."""
    if (match := WHOLE.fullmatch(text)) and match[2] != "0":
        return replace(_parse(f"{match[1]}=0"), _value=int(match[2]), input_line=text)
    return OverridesParser.create().parse_overrides([text])[0]


def _describe(config: DictConfig, overrides: list[Override], master: DictConfig) -> None:
    """Tell Hydra's part of a job's config which overrides made it, besides those of the sweep."""
    task = [override for override in overrides if not override.is_hydra_override()]
    own = [override.input_line for override in overrides if override.is_hydra_override()]
    of_sweep = cast(list[str], OmegaConf.to_container(master.hydra.overrides.hydra))
    config.hydra.overrides.hydra = of_sweep + own
    config.hydra.overrides.task = [override.input_line for override in task]
    config.hydra.job.override_dirname = _dirname(task, config.hydra.job.config.override_dirname)


def _job_part(config: DictConfig) -> DictConfig:
    with open_dict(config):
        del config["hydra"]
    return config


def _adds_or_deletes(override: Override) -> bool:
    return bool(override.is_add() or override.is_force_add() or override.is_delete())


def _related(one: str, other: str) -> bool:
    """Whether one of two keys holds the other, or they are the same."""
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")


def _may_follow(override: Override) -> bool:
    """Whether a value is more than itself: it refers to another, is missing, or joins a dict or a list."""
    value, path = override.value(), override.key_or_group.split(".")
    signs = any(sign in str(value) for sign in ("${", "???"))
    return signs or isinstance(value, dict) or any(map(str.isdigit, path))


def _plain(node: Any) -> Any:
    return OmegaConf.to_container(node, resolve=True) if OmegaConf.is_config(node) else node


def _dirname(overrides: list[Override], style: DictConfig) -> str:
    """Hydra's `override_dirname`: the overrides, sorted and joined, without the excluded keys."""
    lines = [
        str(override.input_line) for override in overrides if override.key_or_group not in style.exclude_keys
    ]
    return style.item_sep.join(sorted(line.replace("=", style.kv_sep) for line in lines))
