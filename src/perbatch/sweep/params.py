"""`params.yaml` as Hydra overrides: the data set of `prepare:` and the grid of `train:`."""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from perbatch.errors import UserError
from perbatch.overrides import written
from perbatch.runs.places import PARAMS

GRIDS = "grids"
SEARCH: dict[str, Any] = {"sampler": None, "trials": None, "batch": 4, "seed": 0}
"""Settings of a search, as of the group `search`; without a sampler and trials there is none."""
_RANGE = re.compile(r"(tag|int|interval|range)\(.*\)")
"""Text that is a range: Hydra's grammar, and no value."""


def block(name: str, path: Path = PARAMS) -> dict[str, Any]:
    """Return one stage's block of `params.yaml`; a UserError says what is missing or cannot be read."""
    try:
        content = _parsed(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path} is missing; it holds what the pipeline runs") from None
    except (YAMLError, OmegaConfBaseException, OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not readable as YAML: {' '.join(str(error).split())}") from None
    found = content.get(name) if isinstance(content, dict) else None
    if not isinstance(found, dict):
        raise UserError(f"{path.name}: the block `{name}:` is missing or is not a mapping of keys to values")
    return {str(key): value for key, value in deepcopy(found).items()}


@cache
def _parsed(text: str) -> Any:
    """The content of a file: to compose a sweep asks for it fifty times."""
    return OmegaConf.to_container(OmegaConf.load(StringIO(text)), resolve=True)


def data_overrides(path: Path = PARAMS) -> dict[str, str]:
    """Return `prepare:` as overrides: the option of the group `data`, then its own settings."""
    settings = block("prepare", path)
    name = settings.pop("data", None)
    if not isinstance(name, str):
        raise UserError(f"{path.name}: prepare.data={name!r}: must be the name of an option of conf/data/")
    settings.pop("path", None)
    if "name" in settings:
        raise UserError(f"{path.name}: prepare.name is not a key: prepare.data names the data set")
    if isinstance(settings.get("reader"), dict) and "path" in settings["reader"]:
        raise UserError(f"{path.name}: prepare.reader.path is not a key: write prepare.path, DVC watches it")
    return {"data": name} | dict(_flatten(settings, "data.", f"{path.name}: prepare.", axes=False))


def own_path(path: Path = PARAMS) -> str:
    """Return `prepare.path`, the user's own file or folder: the stage `prepare` depends on its content."""
    own = block("prepare", path).get("path")
    if not isinstance(own, str):
        raise UserError(f"{path.name}: prepare.path={own!r}: must be the path of a file or folder")
    return own


def study_stages(path: Path = PARAMS) -> list[str]:
    """Return the studies that have a stage each, `study.names`."""
    return _study_names(path)["names"]


def studies_by_hand(path: Path = PARAMS) -> list[str]:
    """Return the studies whose committed evidence no stage makes, `study.by_hand`."""
    return _study_names(path)["by_hand"]


def study_names(path: Path = PARAMS) -> list[str]:
    """Return the studies that are judged: those of the stages, those by hand, then those of the benchmark."""
    return [name for names in _study_names(path).values() for name in names]


def _study_names(path: Path) -> dict[str, list[str]]:
    found = block("study", path)
    for key in (keys := ("names", "by_hand", "from_benchmark")):
        names = found.get(key)
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise UserError(f"{path.name}: study.{key}={names!r}: must be a list of names of files")
    if unknown := [key for key in found if key not in keys]:
        raise UserError(f"{path.name}: study.{unknown[0]} is not a key; the keys are {', '.join(keys)}")
    return {key: found[key] for key in keys}


def grid(path: Path = PARAMS) -> dict[str, str]:
    """Return the pipeline's sweep: the data set, then `train:` with a sweep axis for each list."""
    keys = block("train", path)
    keys.pop(GRIDS, None)
    keys.pop("search", None)
    return data_overrides(path) | _axes(keys, f"{path.name}: train.")


def grids(path: Path = PARAMS) -> list[dict[str, str]]:
    """Return `train.grids`: products of their own on top of the grid, none if it is not there."""
    found = block("train", path).get(GRIDS) or []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise UserError(f"{path.name}: train.grids must be a list of mappings of keys to values")
    return [_axes(each, f"{path.name}: train.grids[{index}].") for index, each in enumerate(found)]


def search(path: Path = PARAMS) -> dict[str, Any]:
    """Return `train.search` with what it leaves out; a UserError where it has a key that there is not."""
    found = block("train", path).get("search") or {}
    if not isinstance(found, dict) or not found.keys() <= SEARCH.keys():
        raise UserError(f"{path.name}: train.search={found}: its keys are {', '.join(SEARCH)}")
    return SEARCH | found


def _axes(keys: Mapping[Any, Any], where: str) -> dict[str, str]:
    axes = dict(_flatten(keys, "", where, axes=True))
    if taken := [key for key in axes if key.split(".")[0] in ("data", "hydra", "sweep", "experiment")]:
        raise UserError(f"{where}{taken[0]} is not a key: train: holds keys of a run, without data")
    return axes


def _flatten(values: Mapping[Any, Any], prefix: str, where: str, axes: bool) -> Iterator[tuple[str, str]]:
    """Dotted keys and their values as overrides; with `axes` a list is a sweep over its elements."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{prefix}{key}.", f"{where}{key}.", axes)
        elif axes and isinstance(value, list):
            if not value:
                raise UserError(f"{where}{key} is an empty list; it must hold at least one value")
            yield f"{prefix}{key}", ",".join(written(element) for element in value)
        elif axes and isinstance(value, str) and _RANGE.fullmatch(value):
            yield f"{prefix}{key}", value
        else:
            yield f"{prefix}{key}", written(value)
