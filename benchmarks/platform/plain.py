"""What the platform is held against: Hydra's basic sweeper and MLflow as their tutorials use them."""

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import hydra
import mlflow
import numpy as np
from hydra.core.config_store import ConfigStore

PARAMS, EVALUATIONS, METRICS, ARTIFACTS = 35, 32, 7, 3  # as many as a run of ours logs


@dataclass
class Plain:
    """One value that is swept."""

    seed: int = 0
    store: str = ""
    parent: str = ""


ConfigStore.instance().store(name="plain", node=Plain)


@hydra.main(version_base="1.3", config_path=None, config_name="plain")
def main(config: Plain) -> None:
    """Log one run, one call a thing, as one does without thinking of the cost."""
    mlflow.set_tracking_uri(config.store)
    mlflow.set_experiment("plain")
    with mlflow.start_run(run_name=f"run {config.seed}", parent_run_id=config.parent):
        for index in range(PARAMS):
            mlflow.log_param(f"param_{index}", index)
        data = np.arange(20.0).reshape(10, 2)
        mlflow.log_input(mlflow.data.from_numpy(data, source="here"), context="training")
        for step in range(EVALUATIONS):
            mlflow.log_metrics({f"metric_{index}": float(step) for index in range(METRICS)}, step=step)
        with tempfile.TemporaryDirectory() as folder:
            for index in range(ARTIFACTS):
                path = Path(folder, f"artifact_{index}.txt")
                path.write_text("x" * 1000)
                mlflow.log_artifact(str(path))


if __name__ == "__main__":
    sys.exit(main())
