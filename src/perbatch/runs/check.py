"""What a run's config may hold. Checked for every run of a sweep before anything starts."""

from collections.abc import Callable, Mapping
from functools import partial, reduce
from operator import getitem
from typing import Any

from omegaconf import MISSING

from perbatch import advice, checks
from perbatch.backprop.activations import ACTIVATIONS
from perbatch.backprop.engines import ENGINES
from perbatch.backprop.losses import LOSSES
from perbatch.errors import UserError
from perbatch.runs import metric
from perbatch.runs.keys import refuse_unknown
from perbatch.runs.run import Run

Rule = tuple[str, Callable[[Any], bool], str]


def _one_of(*names: str) -> tuple[Callable[[Any], bool], str]:
    return (lambda value: value in names), "one of " + ", ".join(names)


_count, _positive = partial(checks.whole, least=1), partial(checks.above, bound=0)

RULES: list[Rule] = [
    ("batch_size", lambda v: v == "full" or _count(v), "a whole number of at least 1, or full"),
    ("learning_rate", _positive, "a finite number above 0"),
    ("epochs", _count, "a whole number of at least 1"),
    ("seed", lambda v: checks.whole(v, 0), "a whole number of at least 0"),
    ("micro_batch_size", lambda v: v is None or _count(v), "a whole number of at least 1, or null"),
    ("stop_at", lambda v: v is None or _positive(v), "a finite number above 0, or null"),
    ("evaluation.first", _count, "a whole number of at least 1"),
    ("evaluation.factor", lambda v: checks.above(v, 1), "a finite number above 1"),
    ("model.hidden", lambda v: all(map(_count, v)), "a list of whole numbers of at least 1"),
    ("model.activation", *_one_of(*ACTIVATIONS)),
    ("model.output", *_one_of("linear", "sigmoid")),
    ("model.loss", *_one_of(*LOSSES)),
    ("model.dtype", *_one_of("float64", "float32")),
    ("repeat.updates_per_batch", _count, "a whole number of at least 1"),
    ("repeat.tolerance", lambda v: v is None or _positive(v), "a finite number above 0, or null"),
    ("engine.name", *_one_of(*ENGINES)),
]
_PATHS = [key.split(".") for key, _, _ in RULES]


def checked(config: Mapping[Any, Any]) -> Run:
    """Return the run of a composed config.

    Where it cannot be run, a UserError names the key, its value and what is allowed: at the first key that
    nothing reads, at the first bad value, and where the prepared data are missing, others, or do not fit the
    loss.
    """
    refuse_unknown(config)
    for (key, allowed, sentence), path in zip(RULES, _PATHS, strict=True):
        value = reduce(getitem, path, config)
        if value == MISSING or not allowed(value):
            raise UserError(f"{key}={_written(value)}: must be {sentence}")
    if config["metric"] is not None:
        metric.find(config["metric"])
    loss = config["model"]["loss"]
    if config["model"]["output"] == "sigmoid" and loss != "squared_error":
        raise UserError(f"model.output=sigmoid: goes with {advice.SQUARED_ERROR}, not {loss}")
    run = Run.of(config)
    if run.data["task"] == "regression" and loss == "cross_entropy":
        raise UserError(
            f"model.loss=cross_entropy: needs classes, and the targets of {config['data']['name']} are "
            f"numbers; allowed: squared_error ({advice.REGRESSOR})"
        )
    return run


def _written(value: Any) -> str:
    """The value as it is written on the command line and in YAML."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
