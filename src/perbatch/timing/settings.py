"""The block `benchmark` of params.yaml, checked."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any, NoReturn, TypeVar

from perbatch import checks
from perbatch.backprop import Network
from perbatch.backprop.activations import ACTIVATIONS
from perbatch.backprop.engines import ENGINES, unusable
from perbatch.backprop.losses import LOSSES
from perbatch.errors import UserError

Value = TypeVar("Value")


@dataclass(frozen=True)
class TimedNetwork:
    """A network that is timed, by what makes it one."""

    sizes: tuple[int, ...]
    activation: str
    loss: str
    bias: bool
    output: str

    def network(self, dtype: str = "float64") -> Network:
        """Return the network; a ValueError where these do not fit together."""
        return Network(self.sizes, self.activation, self.loss, self.bias, dtype, self.output)


@dataclass(frozen=True)
class Settings:
    """The networks, the engines, precisions and batch sizes they are timed with, and how often each is."""

    networks: tuple[TimedNetwork, ...]
    dtype: tuple[str, ...]
    engine: tuple[str, ...]
    batch_size: tuple[int, ...]
    micro_batch_size: tuple[int, ...]
    repeats: int


def check_settings(block: Mapping[str, Any]) -> Settings:
    """Turn the block into Settings; a UserError names the first bad key, its value and what is allowed."""
    _check_keys(block, Settings)
    settings = Settings(
        networks=_set(block, "networks", _network),
        dtype=_set(block, "dtype", lambda value, key: _name(value, key, ("float64", "float32"))),
        engine=_set(block, "engine", lambda value, key: _name(value, key, ENGINES)),
        batch_size=_set(block, "batch_size", _count),
        micro_batch_size=_set(block, "micro_batch_size", _count),
        repeats=_count(block["repeats"], "repeats"),
    )
    for engine in settings.engine:
        if reason := unusable(engine):
            _refuse("engine", engine, reason)
    return settings


def _network(value: object, key: str) -> TimedNetwork:
    if not isinstance(value, Mapping):
        _refuse(key, value, f"each must be a network, with {', '.join(_names(TimedNetwork))}")
    _check_keys(value, TimedNetwork, f"{key}: ")
    timed = TimedNetwork(
        sizes=_list(value, "sizes", _count),
        activation=_name(value["activation"], "activation", ACTIVATIONS),
        loss=_name(value["loss"], "loss", LOSSES),
        bias=_truth(value["bias"], "bias"),
        output=_name(value["output"], "output", ("linear", "sigmoid")),
    )
    try:
        timed.network()
    except ValueError as error:  # what remains is a fault of the shape
        _refuse("sizes", value["sizes"], str(error).rstrip("."))
    return timed


def _check_keys(block: Mapping[Any, Any], kind: type[Settings | TimedNetwork], where: str = "") -> None:
    names = _names(kind)
    for key in block:
        if key not in names:
            _refuse(f"{where}{key}", block[key], f"not a key here, where the keys are {', '.join(names)}")
    for key in names:
        if key not in block:
            raise UserError(f"params.yaml: benchmark.{where}{key} is missing; it needs {', '.join(names)}")


def _names(kind: type[Settings | TimedNetwork]) -> list[str]:
    return [field.name for field in fields(kind)]


def _truth(value: object, key: str) -> bool:
    if not isinstance(value, bool):
        _refuse(key, value, "must be true or false")
    return value


def _set(block: Mapping[str, Any], key: str, check: Callable[[object, str], Value]) -> tuple[Value, ...]:
    values = _list(block, key, check)
    for value in values:
        if values.count(value) > 1:
            _refuse(key, value, "is there twice; each value gives rows of its own")
    return values


def _list(block: Mapping[str, Any], key: str, check: Callable[[object, str], Value]) -> tuple[Value, ...]:
    values = block[key]
    if not checks.filled(values):
        _refuse(key, values, "must be a list of at least one value")
    return tuple(check(value, key) for value in values)


def _count(value: object, key: str) -> int:
    if not checks.whole(value, 1):
        _refuse(key, value, "must be a whole number of at least 1")
    return value


def _name(value: object, key: str, allowed: Collection[str]) -> str:
    if value not in list(allowed):  # a list may be no key of a dict
        _refuse(key, value, f"must be one of {', '.join(allowed)}")
    return str(value)


def _refuse(key: str, value: object, sentence: str) -> NoReturn:
    raise UserError(f"params.yaml: benchmark.{key}={value}: {sentence}")
