"""What the YAML files of `conf/` use beside Hydra's own: the types of a run's config, and interpolations."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra import initialize_config_dir
from hydra.core.config_loader import ConfigLoader
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig, OmegaConf

from perbatch.errors import UserError
from perbatch.runs import identity, places, schema
from perbatch.sweep import params
from perbatch.tracking import server


def _params(name: str) -> Any:
    parts: dict[str, Callable[[], Any]] = {
        "train": params.grid,
        "train.grids": params.grids,
        "train.search": params.search,
        "path": params.own_path,
    }
    if name not in parts:
        raise UserError(f"${{params:{name}}}: must be one of {', '.join(parts)}")
    return parts[name]()


def _identity(_root_: DictConfig) -> str:
    return identity.of(_root_)


def _help() -> str:
    """What --help says: help.txt, with the keys as conf/config.yaml has them, below what each means."""
    own = (places.CONF / "config.yaml").read_text(encoding="utf-8").partition("experiment: null\n")[2]
    lines = own.partition("\nhydra:\n")[0].splitlines()
    keys = [line for line in lines if not line.startswith("  - override ")]
    text = Path(__file__).with_name("help.txt").read_text(encoding="utf-8")
    # Hydra puts its own words where a $ stands.
    return text.replace("KEYS", "\n".join(keys).strip().replace("$", "$$"))


def register() -> None:
    """Make the types that `conf/` starts from known to Hydra, and its interpolations to OmegaConf.

    They are `${checkout:PATH}`, `${runs:}`, `${server:}`, `${identity:}`, `${params:NAME}`, `${help:}`.
    """
    store = ConfigStore.instance()
    store.store(name="schema", node=schema.Config, provider="perbatch")
    store.store(name="prepare_schema", node=schema.Prepare, provider="perbatch")
    resolvers: dict[str, Callable[..., object]] = {
        "checkout": lambda path: str(places.CHECKOUT / path),
        "runs": lambda: str(places.runs()),
        "server": server.address,
        "identity": _identity,
        "params": _params,
        "help": _help,
    }
    for name, function in resolvers.items():
        OmegaConf.register_new_resolver(name, function, replace=True)


@contextmanager
def composing() -> Iterator[ConfigLoader]:
    """Let the body compose what is in `conf/`, outside of a command of Hydra's; yield the loader."""
    register()
    with initialize_config_dir(str(places.CONF), version_base="1.3"):
        yield GlobalHydra.instance().config_loader()
