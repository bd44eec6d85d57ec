"""Stage `train`: one run, or with `-m` a sweep of runs; `sweep=pipeline` is the sweep of params.yaml."""

import checkout  # isort: skip

import hydra
from omegaconf import DictConfig

from perbatch.sweep.cli import command, only_job
from perbatch.sweep.task import run


@hydra.main(version_base="1.3", config_path=str(checkout.ROOT / "conf"), config_name="config")
def main(config: DictConfig) -> str:
    """Train what the config says."""
    with only_job():
        return run(config)


if __name__ == "__main__":
    command(main)
