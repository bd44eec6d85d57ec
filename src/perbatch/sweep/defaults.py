"""What a sweep's runs have in common that the defaults of `conf/` do not say, as overrides."""

import json
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.types import RunMode

from perbatch.overrides import written
from perbatch.sweep import identity
from perbatch.sweep.plan import Plan

NAMED = ("batch_size", "learning_rate", "repeat.updates_per_batch", "repeat.tolerance", "seed")
"""Keys that a run's row in the table of runs gives; whoever asks for that run names them."""


def settings_json(plan: Plan, loader: ConfigLoader) -> str:
    """Return what a sweep ran with: `overrides`, and `settings`, the resolved keys that all its runs share.

    The overrides together with the keys in `NAMED` make the run of any row of its table, by
    `python pipelines/train.py`, while `conf/` is as it was.
    """
    content = {"overrides": overrides(plan, loader), "settings": plan.common}
    return json.dumps(content, indent=1, sort_keys=True) + "\n"


def overrides(plan: Plan, loader: ConfigLoader) -> list[str]:
    """Return the overrides that turn the defaults into what all runs of the plan share."""
    data = [text for text in plan.runs[0].overrides if text.lstrip("+~").startswith(("data=", "data."))]
    shared = [text for text in data if all(text in run.overrides for run in plan.runs)]
    defaults = identity.flat(identity.settings(loader.load_configuration("config", shared, RunMode.RUN)))
    changed = {key: value for key, value in plan.common.items() if _differs(key, value, defaults)}
    return shared + [f"{key}={written(value)}" for key, value in changed.items()]


def _differs(key: str, value: Any, defaults: dict[str, Any]) -> bool:
    return key not in NAMED and not key.startswith("data.") and defaults.get(key, ...) != value
