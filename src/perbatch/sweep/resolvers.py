"""The interpolations that the YAML files of `conf/` use beside OmegaConf's and Hydra's own."""

from collections.abc import Callable

from omegaconf import DictConfig, OmegaConf

from perbatch.errors import UserError
from perbatch.sweep import identity, params, places
from perbatch.sweep.check import check


def _grid(name: str) -> dict[str, str]:
    if name != "train":
        raise UserError(f"${{params:{name}}}: only params:train is a grid")
    return params.grid()


def _identity(_root_: DictConfig) -> str:
    # It names the run's folder: a config that cannot be run must not get one.
    check(_root_)
    return identity.of(_root_)


def register() -> None:
    """Make `${checkout:PATH}`, `${runs:}`, `${identity:}` and `${params:train}` known to OmegaConf."""
    resolvers: dict[str, Callable[..., object]] = {
        "checkout": lambda path: str(places.CHECKOUT / path),
        "runs": lambda: str(places.runs()),
        "identity": _identity,
        "params": _grid,
    }
    for name, function in resolvers.items():
        OmegaConf.register_new_resolver(name, function, replace=True)
