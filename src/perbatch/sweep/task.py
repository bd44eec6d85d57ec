"""What one job does: reuse the run of its identity, or train it, and log it."""

import json
import logging
import time
import traceback
from functools import cache
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from perbatch.errors import UserError
from perbatch.launch import worker
from perbatch.runs import encoded, identity, places
from perbatch.runs.cell import run_name
from perbatch.runs.folder import RunFolder
from perbatch.runs.planned import usable
from perbatch.runs.training import train_run
from perbatch.sweep import record, resolvers

Settings = dict[str, Any]
"""A run's composed config, resolved, as plain values."""

log = logging.getLogger(__name__)
log_file = logging.getLogger(f"{__name__}.file")  # conf/config.yaml keeps it from the terminal

# A full disk must not print a traceback for each line that a run's log file no longer takes.
logging.raiseExceptions = False

resolvers.register()


def run(config: DictConfig) -> str:
    """Hydra's task: make sure that the run of this config is complete and logged; return how it ended.

    That is `reused`, `finished` or `diverged`. Errors: what training raises.
    """
    folder, settings = RunFolder(Path(HydraConfig.get().runtime.output_dir)), identity.plain(config)
    with worker.at_work(), folder.lock():
        if _again(settings, folder) or not usable(folder, identity.of(settings)):
            return _train(settings, folder)
        log.info("Reused: this run is complete in %s (rerun=true trains it again)", folder.path)
        record.log_where_missing(folder, settings)
        return "reused"


def _again(settings: Settings, folder: RunFolder) -> bool:
    # A job may be handed out twice: its worker died, or SLURM queued it again. A sweep trains a run once.
    return settings["rerun"] and (_alone() or not folder.begun_by(settings["tracking"]["parent"]))


def _alone() -> bool:
    return bool(HydraConfig.get().mode == RunMode.RUN)


def _train(settings: Settings, folder: RunFolder) -> str:
    folder.begin(settings["tracking"]["parent"])
    live = record.LiveLog(folder, settings, time.time())
    try:
        outcome = train_run(settings, _prepared(settings), live.evaluation)
        folder.write(
            identity.settings(settings), outcome.history, outcome.theta, outcome.timings, outcome.row
        )
    except KeyboardInterrupt:
        live.end("KILLED")
        raise
    except Exception as error:
        log.error("FAILED: %s: %s: %s", run_name(settings), type(error).__name__, error)
        log_file.error(traceback.format_exc())
        folder.write_failure(traceback.format_exc())
        live.end("FAILED")
        raise
    live.finish()
    log.log(logging.INFO if _alone() else logging.DEBUG, "%s: %s", run_name(settings), outcome.sentence())
    return str(outcome.row["status"])


def _prepared(settings: Settings) -> encoded.TrainingData:
    """The run's data: those whose digest is in its identity, and no others that came in their place since."""
    name, model = settings["data"]["name"], settings["model"]
    loaded = _load(name, json.dumps(settings["data"]), model["dtype"], model["bias"])
    if loaded.summary["digest"] != identity.summary(settings)["digest"]:
        raise UserError(
            f"the data in {places.PREPARED / name} were prepared anew since this run was "
            "planned: the same command plans it again"
        )
    return loaded


@cache
def _load(name: str, settings: str, dtype: str, bias: bool) -> encoded.TrainingData:
    return encoded.load(name, json.loads(settings), dtype, bias)
