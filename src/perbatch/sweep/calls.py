"""What MLflow calls runs and sweeps: by cell, all else that was swept or is not the default, and seed."""

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from perbatch.runs import identity
from perbatch.runs.run import Run
from perbatch.sweep import resolvers

IN_CELL = ("batch_size", "learning_rate", "repeat.updates_per_batch", "repeat.tolerance", "seed")
"""What every run's name has, as `Run.cell` and the seed say it."""
DATA = "data.name"
"""Of the data this alone: each data set has an experiment of its own, and a digest that MLflow shows."""
LONGEST = 200
"""Characters of a name: databases take 250."""


class Calls:
    """The names of a sweep's runs: all have the same keys, those in which some run is not the default.

    What was swept stands before the seed and what all runs share behind it, where a narrow column ends.
    """

    def __init__(self, usual: Mapping[str, Any] | None = None) -> None:
        """`usual` are the defaults, as `defaults` returns them."""
        self._usual = dict(usual or {})
        self._first: dict[str, Any] = {}
        self._swept: set[str] = set()
        self._beside: set[str] = set()
        self._others: dict[str, dict[str, Any]] = {}

    def begin(self, loader: ConfigLoader, experiment: str | None) -> None:
        """Look up the defaults, once."""
        self._usual = self._usual or defaults(loader, experiment)

    def take(self, identity: str, values: Mapping[str, Any]) -> None:
        """Take a run by its dotted settings; what they lack is as by default."""
        self._usual.setdefault(DATA, values.get(DATA))
        own = {key: values.get(key, default) for key, default in self._usual.items()}
        self._first = self._first or own
        self._swept.update(key for key, value in own.items() if value != self._first[key])
        other = {key: value for key, value in own.items() if value != self._usual[key] and key not in IN_CELL}
        self._beside |= other.keys()
        self._others[identity] = other

    def names(self, identity: str, cell: str, name: str) -> tuple[str, str]:
        """Return the whole names of a run's cell and of the run, once all were taken, from its own two.

        The cell's is the same whatever else a sweep sweeps. With the cell's own name in place of the run's,
        the second is the cell's too, what was swept in front.
        """
        values = self._usual | self._others[identity]
        said = {key: _said(key, values[key]) for key in self._usual if key in self._beside}
        swept = [text for key, text in said.items() if key in self._swept]
        shared = [text for key, text in said.items() if key not in self._swept]
        seed = name.removeprefix(cell).strip()
        whole = " ".join(filter(None, [cell, *swept, seed, *shared]))
        return " ".join([cell, *said.values()])[:LONGEST], whole[:LONGEST]

    def sweep(self, count: int) -> str:
        """Return the name of a sweep of so many runs."""
        swept = dict.fromkeys(_short(key) for key in self._usual if key in self._swept)
        shared = [key for key in self._usual if key in self._beside - self._swept]
        over = f"sweep over {', '.join(swept)}" if swept else "sweep"
        said = [_said(key, self._first[key]) for key in shared]
        return "; ".join([over, *said, f"{count} run{'s' * (count != 1)}"])


def defaults(loader: ConfigLoader, experiment: str | None) -> dict[str, Any]:
    """Return what a run is by default: dotted keys and their values, as `conf/` has them, without its data.

    Of a study that has an experiment of its own in MLflow, its file decides.
    """
    config = loader.load_configuration(
        "config", [f"experiment={experiment}"] if experiment else [], RunMode.RUN
    )
    if experiment and config.tracking.experiment is None:
        return defaults(loader, None)
    return flat(config, {*identity.IGNORED, "data"})


def flat(config: DictConfig, without: Collection[str]) -> dict[str, Any]:
    """Return the dotted keys of a composed config and their values, without some of its blocks."""
    return identity.flat({str(key): identity.plain(config[key]) for key in config if key not in without})


def of_single(run: Run) -> tuple[str, str]:
    """Return the names of cell and run where no sweep of ours planned the run."""
    chosen = HydraConfig.get().runtime.choices.get("experiment") if HydraConfig.initialized() else None
    calls = Calls(usual(chosen))
    calls.take(run.identity, identity.flat(run.settings))
    return calls.names(run.identity, run.cell, run.name)


@cache
def usual(experiment: str | None) -> dict[str, Any]:
    """Return the defaults, as `defaults` does, inside Hydra or out of it."""
    if GlobalHydra.instance().is_initialized():
        return defaults(GlobalHydra.instance().config_loader(), experiment)
    with resolvers.composing() as loader:  # in a worker of Hydra's own launchers
        return defaults(loader, experiment)


def _said(key: str, value: Any) -> str:
    """`tanh`, which says itself what it is of, `epochs=80`, `hidden=64-32`, `shuffle=false`."""
    if isinstance(value, str) and key != "model.output":  # a network has sigmoids in two places
        return value
    return f"{_short(key)}={_text(value)}"


def _short(key: str) -> str:
    """`model.activation` is `activation`, `engine.name` is `engine`, both keys of `repeat` are `repeat`."""
    front, _, last = key.rpartition(".")
    return front if last == "name" or front == "repeat" else last


def _text(value: Any) -> str:
    """`[64, 32]` is `64-32`; what YAML writes small is small."""
    if isinstance(value, list):
        return "-".join(map(str, value))
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
