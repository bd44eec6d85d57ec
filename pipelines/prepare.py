"""Stage `prepare`: read a data set, split and scale it, write its arrays.

Without arguments it prepares what `prepare:` in params.yaml says; `data=NAME` prepares another set.
"""

import checkout  # isort: skip

import os
import sys

import hydra
from hydra.utils import instantiate
from omegaconf import DictConfig

from perbatch.data.command import train_command
from perbatch.data.preparation import prepare
from perbatch.runs import schema
from perbatch.runs.identity import plain
from perbatch.runs.keys import refuse_unknown
from perbatch.runs.places import PREPARED
from perbatch.sweep import resolvers
from perbatch.sweep.cli import command, only_job
from perbatch.sweep.params import data_overrides

resolvers.register()


@hydra.main(version_base="1.3", config_path=str(checkout.ROOT / "conf"), config_name="prepare")
def main(config: DictConfig) -> None:
    """Prepare the data set of the config."""
    with only_job():
        refuse_unknown(config, schema.Prepare)
        settings, folder = plain(config.data), PREPARED / config.data.name
        made = prepare(instantiate(config.data.reader), settings, folder)
        answers = f"{len(made['classes'])} classes" if made["classes"] else "a number to predict"
        sizes = ", ".join(f"{part} {size:,}" for part, size in made["sizes"].items())
        sys.stdout.write(
            f"prepared: {folder}: {sizes}; {made['features']:,} features, {answers}\n"
            f"train on it: {train_command(settings)}\n"
        )


def app() -> None:
    """Add what params.yaml says where nothing was said."""
    os.chdir(checkout.ROOT)  # paths of data are relative to it, as DVC's are
    if len(sys.argv) == 1:
        sys.argv += [f"{key}={value}" for key, value in data_overrides().items()]
    main()


if __name__ == "__main__":
    command(app)
