"""One run: its config and its data's summary, and what follows from them, each worked out once."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from perbatch.backprop import log_spaced
from perbatch.data import training_examples
from perbatch.runs import identity
from perbatch.runs.places import CONF


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


@dataclass(frozen=True)
class Run:
    """A run, by its whole config, resolved, as plain values, and the summary of its prepared data."""

    config: Mapping[str, Any]
    data: Mapping[str, Any]

    @classmethod
    def of(cls, config: Mapping[Any, Any]) -> "Run":
        """Return the run of a composed config; a UserError where its data are missing or others."""
        own = {str(key): identity.plain(config[key]) for key in config if key != "hydra"}
        return cls(own, identity.summary(own))

    @cached_property
    def settings(self) -> dict[str, Any]:
        """The keys that can change the result; the batch size is a number of examples."""
        return identity.settings(self.config)

    @cached_property
    def identity(self) -> str:
        """What determines the result, as one digest (hex)."""
        return identity.digest(self.settings, self.data["digest"])

    @property
    def batch_size(self) -> int:
        """Examples per update, at most the training part."""
        return int(self.settings["batch_size"])

    @cached_property
    def examples(self) -> int:
        """Examples of the training part."""
        return training_examples(self.config["data"])

    @cached_property
    def mode(self) -> str:
        """The update mode: stochastic, mini-batch, full-batch or repeat."""
        repeat = self.config["repeat"]
        if repeat["updates_per_batch"] > 1 or repeat["tolerance"] is not None:
            return "repeat"
        if self.batch_size == self.examples:
            return "full-batch"
        return "stochastic" if self.batch_size == 1 else "mini-batch"

    @cached_property
    def cell(self) -> str:
        """The name of mode, batch size and learning rate: `M0032 lr0.1`, sortable as text.

        The repeat mode comes with its two numbers in front: `repeat n10 t0.1 M0032 lr0.1`.
        """
        repeat, rate = self.config["repeat"], self.config["learning_rate"]
        front = ""
        if self.mode == "repeat":
            front = f"repeat n{repeat['updates_per_batch']} "
            if repeat["tolerance"] is not None:
                front += f"t{repeat['tolerance']:g} "
        width = max(4, len(str(self.examples)))
        return f"{front}M{self.batch_size:0{width}d} lr{rate:g}"

    @property
    def name(self) -> str:
        """The run's name in MLflow: its cell and seed."""
        return f"{self.cell} s{self.config['seed']:02d}"

    @property
    def experiment(self) -> str:
        """The name of its experiment in MLflow."""
        return experiment_name(self.config)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Units of each layer: an input a feature, an output a class (regression: one)."""
        return (self.data["features"], *self.config["model"]["hidden"], len(self.data["classes"]) or 1)

    @property
    def bytes_of_weights(self) -> int:
        """Bytes of the weights that it ends with."""
        model = self.config["model"]
        numbers = sum((fan_in + bool(model["bias"])) * fan_out for fan_in, fan_out in pairwise(self.sizes))
        return numbers * np.dtype(str(model["dtype"])).itemsize

    @cached_property
    def schedule(self) -> np.ndarray:
        """The presentations at which the run is evaluated, the same for every batch size."""
        last, evaluation = self.examples * self.config["epochs"], self.config["evaluation"]
        return log_spaced(min(evaluation["first"], last), last, evaluation["factor"])

    def describe(self) -> dict[str, Any]:
        """Return the columns of the table of runs that are known before the run is trained."""
        config, model = self.config, self.config["model"]
        return {
            "identity": self.identity,
            "data": config["data"]["name"],
            "data_digest": self.data["digest"],
            "task": self.data["task"],
            "n_train": self.examples,
            "mode": self.mode,
            "batch_size": self.batch_size,
            "updates_per_batch": config["repeat"]["updates_per_batch"],
            "tolerance": config["repeat"]["tolerance"],
            "learning_rate": config["learning_rate"],
            "seed": config["seed"],
            "cell": self.cell,
            **{key: config[key] for key in ("epochs", "stop_at", "micro_batch_size", "shuffle")},
            "sizes": "-".join(map(str, self.sizes)),
            **{key: model[key] for key in ("activation", "loss", "bias", "output", "dtype")},
            "engine": config["engine"]["name"],
            "metric": config["metric"],
        }
