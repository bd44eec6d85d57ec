"""The interpolations that the YAML files of `conf/` use beside OmegaConf's and Hydra's own."""

from collections.abc import Callable

from omegaconf import DictConfig, OmegaConf

from perbatch.errors import UserError
from perbatch.sweep import identity, params, places
from perbatch.tracking import server


def _params(name: str) -> dict[str, str] | list[dict[str, str]] | str:
    parts: dict[str, Callable[[], dict[str, str] | list[dict[str, str]] | str]] = {
        "train": params.grid,
        "train.grids": params.grids,
        "path": params.own_path,
    }
    if name not in parts:
        raise UserError(f"${{params:{name}}}: must be one of {', '.join(parts)}")
    return parts[name]()


def _identity(_root_: DictConfig) -> str:
    return identity.of(_root_)


def register() -> None:
    """Make `${checkout:PATH}`, `${runs:}`, `${server:}`, `${identity:}`, `${params:NAME}` known."""
    resolvers: dict[str, Callable[..., object]] = {
        "checkout": lambda path: str(places.CHECKOUT / path),
        "runs": lambda: str(places.runs()),
        "server": server.address,
        "identity": _identity,
        "params": _params,
    }
    for name, function in resolvers.items():
        OmegaConf.register_new_resolver(name, function, replace=True)
