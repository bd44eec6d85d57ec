"""The interpolations that the YAML files of `conf/` use beside OmegaConf's and Hydra's own."""

from collections.abc import Callable

from omegaconf import DictConfig, OmegaConf

from perbatch.errors import UserError
from perbatch.sweep import identity, params, places


def _grid(name: str) -> dict[str, str] | list[dict[str, str]]:
    if name == "train":
        return params.grid()
    if name == "train.grids":
        return params.grids()
    raise UserError(f"${{params:{name}}}: must be params:train or params:train.grids")


def _identity(_root_: DictConfig) -> str:
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
