"""What all runs of a sweep share beyond the defaults of `conf/`, as overrides."""

import json
from collections.abc import Mapping
from typing import Any

from hydra.types import RunMode
from omegaconf import DictConfig

from perbatch.overrides import written
from perbatch.runs import identity
from perbatch.sweep.compose import CachingLoader
from perbatch.sweep.plan import Plan

NAMED = ("batch_size", "learning_rate", "repeat.updates_per_batch", "repeat.tolerance", "seed")
"""Keys that a run's row in the table of runs gives; whoever asks for that run names them."""


def settings_json(
    plan: Plan, loader: CachingLoader, master: DictConfig, search: Mapping[str, Any] | None = None
) -> str:
    """Return what a sweep ran with: `overrides`, and `settings`, the resolved keys that all its runs share.

    Where a search asked for the runs there is `search` too, what it searched and how.

    The overrides together with the keys in `NAMED` make the run of any row of its table, by
    `python pipelines/train.py`, while `conf/` is as it was.
    """
    content: dict[str, Any] = {"overrides": overrides(plan, loader, master), "settings": plan.common}
    if search is not None:
        content["search"] = search
    return json.dumps(content, indent=1, sort_keys=True) + "\n"


def overrides(plan: Plan, loader: CachingLoader, master: DictConfig) -> list[str]:
    """Return the overrides that turn the defaults into what all runs of the plan share."""
    every = plan.runs[0].overrides
    data = [text for text in every if text.lstrip("+~").startswith(("data=", "data."))]
    shared = [text for text in data if all(text in run.overrides for run in plan.runs)]
    where: dict[str, Any] = {}
    if not any(text.startswith("data=") for text in data):  # an experiment's file may name the data set
        shared.insert(0, f"data={master.hydra.runtime.choices.data}")
        reader = loader.settings(master, every)["data"]["reader"]
        where = {f"data.reader.{key}": reader.get(key) for key in ("path", "licence")}  # not in an identity
    config = loader.load_configuration("config", shared, RunMode.RUN)
    kept = [str(key) for key in config if key not in identity.IGNORED]
    defaults = identity.flat({key: identity.plain(config[key]) for key in kept})
    common = plan.common | {key: value for key, value in where.items() if key in defaults}
    changed = {
        key: value for key, value in common.items() if key not in NAMED and defaults.get(key, ...) != value
    }
    return shared + [f"{'+' * (key not in defaults)}{key}={written(value)}" for key, value in changed.items()]
