"""The names of what is compared: a run's update mode, its cell (what seeds repeat) and the run itself."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from perbatch.data import training_examples
from perbatch.runs.identity import effective_batch_size
from perbatch.runs.places import CONF


def mode(config: Mapping[Any, Any]) -> str:
    """Return the update mode: stochastic, mini-batch, full-batch or repeat."""
    if config["repeat"]["updates_per_batch"] > 1 or config["repeat"]["tolerance"] is not None:
        return "repeat"
    size = effective_batch_size(config)
    if size == training_examples(config["data"]):
        return "full-batch"
    return "stochastic" if size == 1 else "mini-batch"


def cell(config: Mapping[Any, Any]) -> str:
    """Return the name of mode, batch size and learning rate: `M0032 lr0.1`, sortable as text.

    The repeat mode comes with its two numbers in front: `repeat n10 t0.1 M0032 lr0.1`.
    """
    repeat, rate = config["repeat"], config["learning_rate"]
    front = ""
    if mode(config) == "repeat":
        front = f"repeat n{repeat['updates_per_batch']} "
        if repeat["tolerance"] is not None:
            front += f"t{repeat['tolerance']:g} "
    width = max(4, len(str(training_examples(config["data"]))))
    return f"{front}M{effective_batch_size(config):0{width}d} lr{rate:g}"


def data_name(data: Mapping[str, Any]) -> str:
    """Return the data set's own name, from its settings: that of the user's file or folder, where it is one.

    `data/iris.csv` is `iris`. Where a set of conf/data/ is called so, its kind is added: `digits-table`.
    """
    path, kind = data["reader"].get("path"), str(data["name"])
    own = re.sub(r"[^\w.-]+", "-", Path(path).stem).strip("-.") if path else ""
    if own in ("", kind):
        return kind
    return f"{own}-{kind}" if (CONF / "data" / f"{own}.yaml").exists() else own


def experiment_name(config: Mapping[Any, Any]) -> str:
    """Return the name of the experiment in MLflow: one for each data set, and one for each study."""
    return str(config["tracking"]["experiment"] or data_name(config["data"]))


def run_name(config: Mapping[Any, Any]) -> str:
    """Return the run's name in MLflow: its cell and seed."""
    return f"{cell(config)} s{config['seed']:02d}"
