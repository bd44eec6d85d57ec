"""A run's identity: what determines its result, and nothing else, as one SHA-256."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import OmegaConf

from perbatch import data, stages
from perbatch.data.prepared import SUMMARY
from perbatch.files import json_digest, writing
from perbatch.runs import places

FORMAT = 1
"""Version of what a run folder holds: a newer one makes other identities."""

IGNORED = {
    "data.reader.path": "where the data lay: their digest, which is in the identity, says what they are",
    "data.reader.licence": "for the report",
    "hydra": "how a run is launched, not what it computes",
    "tracking": "where a run is logged",
    "sweep": "what a sweep writes beside its runs",
    "study": "how the runs are judged once they are there",
    "rerun": "whether a complete run is trained again",
    "dry_run": "whether anything is trained at all",
}
"""Config keys, dotted, that cannot change a run's result, each with the reason."""


def of(config: Mapping[Any, Any]) -> str:
    """Return the identity of a run's composed config (hex); a UserError where its data are not prepared."""
    return digest(settings(config), summary(config)["digest"])


def digest(settings: Mapping[str, Any], data_digest: str) -> str:
    """Return the identity of the run of these settings on the data of that digest."""
    parts = {
        "config": settings,
        "data": data_digest,
        "code": code(),
        "numpy": _minor(np.__version__),
        "format": FORMAT,
    }
    if settings["engine"]["name"] == "compiled":
        parts["numba"] = _numba()
    if "metric" in settings:
        parts["metric"] = _metric(settings["metric"])
    return json_digest(parts)


def settings(config: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the resolved keys that can change the result; every spelling of full-batch is the same.

    A run without a metric of one's own has no such key.
    """
    kept = _kept({str(key): plain(config[key]) for key in config if key not in IGNORED})
    kept["batch_size"] = effective_batch_size(config)
    if kept["metric"] is None:
        del kept["metric"]
    return kept


def _kept(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    return {
        key: _kept(value, f"{prefix}{key}.") if isinstance(value, dict) else value
        for key, value in values.items()
        if prefix + key not in IGNORED
    }


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested settings with dotted keys, as MLflow's params have them."""
    dotted: dict[str, Any] = {}
    for key, value in values.items():
        dotted |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return dotted


def effective_batch_size(config: Mapping[Any, Any]) -> int:
    """Return the batch size as a number of examples: at most the training part."""
    examples = data.training_examples(config["data"])
    return examples if config["batch_size"] == "full" else min(int(config["batch_size"]), examples)


def summary(config: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the summary of the run's prepared data; a UserError where they are missing or others."""
    folder = places.PREPARED / config["data"]["name"]
    settings = json.dumps(plain(config["data"]), sort_keys=True)
    return _summary(folder, settings, writing(folder / SUMMARY))


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


@cache
def _numba() -> str:
    return _minor(version("numba"))  # asking its own __version__ would import it


@cache
def code() -> str:
    """Return the digest of the code that computes a run."""
    return stages.of_run()


@cache
def _metric(name: str) -> str:
    return stages.of_function(name)


@cache
def _summary(folder: Path, settings: str, writing: tuple[int, int] | None) -> dict[str, Any]:
    return data.load_summary(folder, json.loads(settings))


def plain(node: Any) -> Any:
    """Return a part of a config, resolved, as plain dicts, lists and values."""
    return OmegaConf.to_container(node, resolve=True) if OmegaConf.is_config(node) else node
