"""Stage `prepare`: read a data set, split and scale it, write its arrays.

Without arguments it prepares what `prepare:` in params.yaml says; `data=NAME` prepares another set.
"""

import checkout  # noqa: F401  isort: skip

import sys

import hydra
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from perbatch.data.preparation import prepare
from perbatch.sweep import resolvers, schema
from perbatch.sweep.cli import command
from perbatch.sweep.params import data_overrides
from perbatch.sweep.places import PREPARED

schema.register()
resolvers.register()


@hydra.main(version_base="1.3", config_path="../conf", config_name="prepare")
def main(config: DictConfig) -> None:
    """Prepare the data set of the config."""
    settings = OmegaConf.to_container(config.data, resolve=True)
    prepare(instantiate(config.data.reader), settings, PREPARED / config.data.name)


def app() -> None:
    """Add what params.yaml says where nothing was said."""
    if len(sys.argv) == 1:
        sys.argv += [f"{key}={value}" for key, value in data_overrides().items()]
    main()


if __name__ == "__main__":
    command(app)
