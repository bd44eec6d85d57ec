"""Commands that prepare a data set, and train on it: its option of `conf/data/`, and what differs from it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from perbatch import advice

OPTIONS = Path(__file__).parents[3] / "conf" / "data"

Leaves = dict[tuple[str, ...], Any]

_UNSAID: Leaves = {("copies",): 1, ("sorted",): False}
"""What every data set has without a word of it in its option."""


def prepare_command(settings: Mapping[str, Any]) -> str:
    """What to type in a shell, so that these very settings are prepared."""
    return advice.prepare(*_chosen(settings))


def train_command(settings: Mapping[str, Any]) -> str:
    """What to type in a shell, so that a run is trained on the data that these settings made."""
    return advice.train(*_chosen(settings))


def _chosen(settings: Mapping[str, Any]) -> tuple[str, list[tuple[str, Any]]]:
    """The data set's option, and the settings that differ from it."""
    wanted = dict(_leaves(settings))
    names = sorted(path.stem for path in OPTIONS.glob("*.yaml"))
    differences = {
        name: _different(wanted, own)
        for name in names
        if (own := _option(name))[("reader", "_target_")] == wanted.get(("reader", "_target_"))
    }
    if not differences:
        return str(settings["name"]), []
    # The option of the data set's own name, or else the one that needs the fewest words more.
    best = min(differences, key=lambda name: (name != settings["name"], len(differences[name])))
    return best, differences[best]


def _different(wanted: Leaves, own: Leaves) -> list[tuple[str, Any]]:
    return [
        (("" if path in own else "++") + ".".join(("data", *path)), value)
        for path, value in wanted.items()
        if own.get(path, _UNSAID.get(path)) != value
    ]


def _option(name: str) -> Leaves:
    """The leaves of an option's file over those of the options that it begins with."""
    try:
        content = OmegaConf.to_container(OmegaConf.load(OPTIONS / f"{name}.yaml"))
    except (YAMLError, OmegaConfBaseException, OSError):
        content = {}
    leaves: Leaves = {("reader", "_target_"): None}
    if isinstance(content, dict):
        first = content.pop("defaults", [])
        for other in first if isinstance(first, list) else []:
            if isinstance(other, str) and other != "_self_":
                leaves |= _option(other)
        leaves |= dict(_leaves(content))
    return leaves


def _leaves(values: Mapping[Any, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, (*path, str(key)))
        else:
            yield (*path, str(key)), value
