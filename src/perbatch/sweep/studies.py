"""The studies of `conf/experiment/`: what a file says of its claim, and the data its sweep needs."""

import logging
from collections.abc import Collection
from pathlib import Path
from typing import Any

import yaml
from hydra import compose
from hydra.core.config_loader import ConfigLoader
from hydra.errors import HydraException
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from perbatch.advice import in_defaults
from perbatch.data.prepared import load
from perbatch.errors import UserError
from perbatch.overrides import written
from perbatch.runs import places, schema
from perbatch.runs.identity import plain
from perbatch.sweep import grid, params, resolvers
from perbatch.sweep.sentences import sentence

log = logging.getLogger(__name__)

FOLDER = places.CONF / "experiment"


def study_block(name: str, folder: Path = FOLDER) -> dict[str, Any]:
    """Return the block `study:` of a study's file with its defaults; a UserError where it cannot be read."""
    path = folder / f"{name}.yaml"
    try:
        found = OmegaConf.load(path)
    except FileNotFoundError:
        names = ", ".join(sorted(each.stem for each in folder.glob("*.yaml")))
        raise UserError(f"{name}: there is no such study in conf/experiment/, which has {names}") from None
    except (OSError, YAMLError, OmegaConfBaseException) as error:
        raise UserError(f"{path} is not readable as YAML: {' '.join(str(error).split())}") from None
    if not isinstance(found, DictConfig) or found.get("study") is None:
        raise UserError(f"conf/experiment/{path.name} is no study: it has no block `study:`")
    try:
        typed = OmegaConf.merge(OmegaConf.structured(schema.Study), found.study)
        return dict(OmegaConf.to_container(typed, resolve=True, throw_on_missing=True))  # type: ignore[arg-type]
    except OmegaConfBaseException as error:
        first = str(error).splitlines()[0]
        raise UserError(f"conf/experiment/{path.name}: study: {error.full_key or ''}: {first}") from None


def data_option(name: str, folder: Path = FOLDER) -> str:
    """Return the option of conf/data/ that a study's file takes; empty for none or an unreadable file."""
    try:
        # libyaml's parser takes a tenth of the time of Python's: this is asked of every study at once.
        file = yaml.load(
            (folder / f"{name}.yaml").read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        )
    except (OSError, YAMLError):
        return ""
    defaults = file.get("defaults", []) if isinstance(file, dict) else []
    return next((str(each["override /data"]) for each in defaults if "override /data" in each), "")


def prepare_data(name: str) -> None:
    """Prepare what the sweep of a study trains on, where that is missing or was made with other settings.

    A UserError where the study would write the pipeline's own data, which another stage makes.
    """
    pipeline = params.data_overrides()["data"]
    with resolvers.composing() as loader:
        for chosen in _data_choices(name, loader):
            data = compose("config", [f"experiment={name}", *chosen]).data
            if data.name == pipeline:
                other = in_defaults("data", "digits_studies")
                raise UserError(
                    f"{name}: data={data.name}: they are the pipeline's own, which params.yaml may change; a "
                    f"study needs data of another name, as its default `{other}`"
                )
            _prepare(data)


def _data_choices(name: str, loader: ConfigLoader) -> list[tuple[str, ...]]:
    """The different overrides of the group `data` and its keys among all runs of the sweep."""
    every = _combinations(name, loader)
    kept = (tuple(text for text in each if text.startswith(("data=", "data."))) for each in every)
    return list(dict.fromkeys(kept))


def _combinations(name: str, loader: ConfigLoader) -> list[list[str]]:
    """The overrides of each combination of the sweep, in its order."""
    sweeper = compose("config", [f"experiment={name}"], return_hydra_config=True).hydra.sweeper
    return grid.expand(plain(sweeper.params) or {}, [], loader, plain(sweeper.grids) or ())


def with_seeds(name: str, combinations: Collection[int], runs: int, seeds: range) -> str:
    """Return the override of `hydra.sweeper.grids` that runs some combinations with other seeds.

    `combinations` are their places in the order of the study's sweep, which has so many `runs`. A UserError
    where two combinations mean one run, so that a place of a run is none of a combination.
    """
    with resolvers.composing() as loader:
        every = _combinations(name, loader)
    if len(every) != runs:
        raise UserError(
            f"{name}: its sweep has {len(every)} combinations and {runs} runs; in a study with a plan each "
            "combination must be a run of its own: leave out those that mean another's"
        )
    lines = [dict(text.split("=", 1) for text in every[place]) for place in combinations]
    typed = f"range({seeds.start},{seeds.stop})"
    return f"hydra.sweeper.grids={written([{**line, 'seed': typed} for line in lines])}"


def _prepare(data: DictConfig) -> None:
    settings, folder = plain(data), places.PREPARED / data.name
    try:
        load(folder, settings)
    except UserError:
        from perbatch.data.preparation import prepare  # it imports scikit-learn, which takes a second

        try:
            source = instantiate(data.reader)
        except HydraException as error:  # it wraps what the reader raised
            raise UserError(sentence(error)) from error
        prepare(source, settings, folder)
        log.info("Prepared %s", folder)
