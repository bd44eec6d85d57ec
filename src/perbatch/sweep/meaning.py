"""What the configuration of each stage means: its settings as composed, whatever its files look like.

No path of a machine and no digest of data is in it; comments, the order of keys and files that are not chosen
do not change it.
"""

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any

from hydra import compose
from omegaconf import DictConfig, OmegaConf

from perbatch.runs import identity, places
from perbatch.runs.run import data_name
from perbatch.sweep import grid, params, resolvers
from perbatch.sweep.compose import CachingLoader
from perbatch.sweep.sentences import sentence
from perbatch.sweep.studies import data_option, study_block

PATH = "path"
"""The setting of a reader that says where the data lie; for the stage prepare DVC watches what lies there."""

EVIDENCE = ("targets", "tuning_seeds", "chosen_by", "evidence")
"""What a study's evidence depends on of its block `study:`; bounds and prose are for its judge."""


def of_stages() -> dict[str, Any]:
    """Return the settings of each stage, those of study@NAME below study and NAME, others below by_hand.

    Settings that cannot be composed count as what is wrong with them: their stage ends with that sentence.
    """
    blocks = {name: _or_error(partial(study_block, name)) for name in params.study_names()}
    with resolvers.composing() as own:
        loader = CachingLoader(own)
        return {
            "prepare": _or_error(_prepare),
            "train": _or_error(partial(_search if _searches() else _sweep, loader, ["sweep=pipeline"])),
            "benchmark": {},  # all of it is in params.yaml, which DVC reads itself
            "evaluate": {
                "name": _or_error(lambda: data_name(compose("prepare", _data()).data)),
                "version": _version(),
                "studies": {name: [blocks[name], data_option(name)] for name in blocks},
            },
            "study": {
                name: _or_error(partial(_study, loader, name, blocks[name])) for name in params.study_stages()
            },
            "by_hand": {
                name: _or_error(partial(_study, loader, name, blocks[name]))
                for name in params.studies_by_hand()
            },
        }


def of_study(name: str) -> Any:
    """Return the settings that decide a study's evidence, as `of_stages` has them."""
    with resolvers.composing() as loader:
        return _or_error(partial(_study, CachingLoader(loader), name, study_block(name)))


def targets(settings: Any, keys: Sequence[str]) -> Iterator[str]:
    """Give the dotted names of the functions that settings call, those under one of `keys`."""
    if isinstance(settings, Mapping):
        yield from (settings[key] for key in keys if isinstance(settings.get(key), str))
        settings = list(settings.values())
    if isinstance(settings, list):
        for value in settings:
            yield from targets(value, keys)


def _prepare() -> dict[str, Any]:
    settings = identity.plain(compose("prepare", _data()).data)
    return {**settings, "reader": {key: settings["reader"][key] for key in settings["reader"] if key != PATH}}


def _data() -> list[str]:
    return [f"{key}={value}" for key, value in params.data_overrides().items()]


def _version() -> str:
    """The version that the page cites."""
    return str(tomllib.loads((places.CHECKOUT / "pyproject.toml").read_text())["project"]["version"])


def _study(loader: CachingLoader, name: str, block: Mapping[str, Any]) -> dict[str, Any]:
    evidence = {key: block.get(key) for key in EVIDENCE}
    seeds = (block.get("plan") or {}).get("seeds")
    return {"evidence": evidence, "seeds": seeds, **_sweep(loader, [f"experiment={name}"])}


def _sweep(loader: CachingLoader, arguments: list[str]) -> dict[str, Any]:
    """The grid, and what its runs are composed to: once for each choice of groups and set of swept keys."""
    master = compose("config", arguments, return_hydra_config=True)
    sweeper = master.hydra.sweeper
    axes, grids = identity.plain(sweeper.params) or {}, identity.plain(sweeper.grids) or ()
    combinations = grid.expand(axes, [], loader, grids, sweeper.max_combinations)
    sets = {text: loader.value_set_by(text) for text in set(chain(*combinations))}
    composed: dict[tuple[str, ...], DictConfig] = {(): master}
    settings: dict[tuple[str, ...], dict[str, Any]] = {}
    for overrides in combinations:
        choice = tuple(text for text in overrides if sets[text] is None)
        values = dict(filter(None, map(sets.get, overrides)))
        if (*choice, *values) not in settings:
            if choice not in composed:
                composed[choice] = compose("config", [*arguments, *choice])
            config = OmegaConf.masked_copy(composed[choice], _keys_of_run(composed[choice]))
            for key, value in values.items():
                OmegaConf.update(config, key, value)
            path = config.data.reader.get(PATH)  # as the user wrote it
            settings[*choice, *values] = {**identity.settings(config), PATH: path}
    return {"grid": combinations, "settings": list(settings.values())}


def _searches() -> bool:
    asked = params.search()
    return (asked["sampler"], asked["trials"]) != (None, None)


def _search(_: CachingLoader, arguments: list[str]) -> dict[str, Any]:
    """The space, how it is searched and judged, and what a run is composed to."""
    master = compose("config", arguments, return_hydra_config=True)
    evaluate = params.block("evaluate")
    config = OmegaConf.masked_copy(master, _keys_of_run(master))
    return {
        **{key: identity.plain(master.hydra.sweeper[key]) for key in ("params", "grids", "search")},
        **{key: evaluate.get(key) for key in ("target", "tuning_seeds")},
        "settings": [{**identity.settings(config), PATH: config.data.reader.get(PATH)}],
    }


def _keys_of_run(config: DictConfig) -> list[str]:
    return [str(key) for key in config if key != "hydra"]


def _or_error(settings: Callable[[], Any]) -> Any:
    try:
        return settings()
    except Exception as error:  # whatever it is, the stage itself comes upon it too
        return {"error": sentence(error).replace(str(places.CHECKOUT), "")}
