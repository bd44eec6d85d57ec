"""What one job does: reuse the run of its identity, or train it, and log it."""

import json
import logging
import time
import traceback
from functools import cache
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from perbatch.errors import UserError
from perbatch.sweep import encoded, identity, places, record, resolvers, schema, worker
from perbatch.sweep.cell import run_name
from perbatch.sweep.folder import RunFolder
from perbatch.sweep.plan import usable
from perbatch.sweep.training import schedule, train_run

log = logging.getLogger(__name__)
log_file = logging.getLogger(f"{__name__}.file")  # conf/config.yaml keeps it from the terminal

# A full disk must not print a traceback for each line that a run's log file no longer takes.
logging.raiseExceptions = False

schema.register()
resolvers.register()


def run(config: DictConfig) -> str:
    """Hydra's task: make sure that the run of this config is complete and logged; return how it ended.

    That is `reused`, `finished` or `diverged`. Errors: what training raises.
    """
    folder = RunFolder(Path(HydraConfig.get().runtime.output_dir))
    with worker.at_work(), folder.lock():
        if _again(config, folder) or not usable(folder, identity.of(config)):
            return _train(config, folder)
        log.info("Reused: this run is complete in %s (rerun=true trains it again)", folder.path)
        record.log_where_missing(folder, config)
        return "reused"


def _again(config: DictConfig, folder: RunFolder) -> bool:
    # A job may be handed out twice: its worker died, or SLURM queued it again. A sweep trains a run once.
    single = HydraConfig.get().mode == RunMode.RUN
    return config.rerun and (single or not folder.begun_by(config.tracking.parent))


def _train(config: DictConfig, folder: RunFolder) -> str:
    folder.begin(config.tracking.parent)
    live = record.LiveLog(folder, config, time.time(), len(schedule(config)) + 1)
    try:
        outcome = train_run(config, _prepared(config), live.evaluation)
        settings = identity.settings(config)
        folder.write(settings, outcome.history, outcome.theta, outcome.timings, outcome.row)
    except KeyboardInterrupt:
        live.end("KILLED")
        raise
    except Exception as error:
        log.error("FAILED: %s: %s: %s", run_name(config), type(error).__name__, error)
        log_file.error(traceback.format_exc())
        folder.write_failure(traceback.format_exc())
        live.end("FAILED")
        raise
    live.finish()
    level = logging.INFO if HydraConfig.get().mode == RunMode.RUN else logging.DEBUG
    log.log(level, "%s: %s", run_name(config), outcome.sentence())
    return str(outcome.row["status"])


def _prepared(config: DictConfig) -> encoded.TrainingData:
    """The run's data: those whose digest is in its identity, and no others that came in their place since."""
    model, settings = config.model, json.dumps(identity.plain(config.data))
    loaded = _load(config.data.name, settings, model.dtype, model.bias)
    if loaded.summary["digest"] != identity.summary(config)["digest"]:
        raise UserError(
            f"the data in {places.PREPARED / config.data.name} were prepared anew since this run was "
            "planned: the same command plans it again"
        )
    return loaded


@cache
def _load(name: str, settings: str, dtype: str, bias: bool) -> encoded.TrainingData:
    return encoded.load(name, json.loads(settings), dtype, bias)
