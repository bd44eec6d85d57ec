"""Stage `train`: one run, or with `-m` a sweep of runs; `sweep=pipeline` is the sweep of params.yaml."""

import checkout  # isort: skip

import math
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from perbatch.runs.folder import RunFolder
from perbatch.sweep.cli import command, only_job
from perbatch.sweep.task import run


@hydra.main(version_base="1.3", config_path=str(checkout.ROOT / "conf"), config_name="config")
def main(config: DictConfig) -> float:
    """Train what the config says; return the final validation loss, infinite where the run diverged.

    A sweeper that searches minimises what is returned.
    """
    with only_job():
        run(config)
        row = RunFolder(Path(HydraConfig.get().runtime.output_dir)).row()
        return float(row["validation_loss"]) if row["status"] == "finished" else math.inf


if __name__ == "__main__":
    command(main)
