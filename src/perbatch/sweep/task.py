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
from perbatch.launch import worker
from perbatch.runs import encoded, places, planned
from perbatch.runs.folder import RunFolder
from perbatch.runs.planned import usable
from perbatch.runs.run import Run
from perbatch.runs.training import train_run
from perbatch.sweep import record, resolvers

log = logging.getLogger(__name__)
log_file = logging.getLogger(f"{__name__}.file")  # conf/config.yaml keeps it from the terminal

# A full disk must not print a traceback for each line that a run's log file no longer takes.
logging.raiseExceptions = False

resolvers.register()


def run(config: DictConfig) -> str:
    """Hydra's task: make sure that the run of this config is complete and logged; return how it ended.

    That is `reused`, `finished` or `diverged`. Errors: what training raises, and a UserError where another
    run was planned.
    """
    folder, this = RunFolder(Path(HydraConfig.get().runtime.output_dir)), Run.of(config)
    planned.refuse_another(this)
    with worker.at_work(), folder.lock():
        if _again(this, folder) or not usable(folder, this.identity):
            return _train(this, folder)
        log.info("Reused: this run is complete in %s (rerun=true trains it again)", folder.path)
        record.log_where_missing(folder, this)
        return "reused"


def _again(run: Run, folder: RunFolder) -> bool:
    # A job may be handed out twice: its worker died, or SLURM queued it again. A sweep trains a run once.
    return run.config["rerun"] and (_alone() or not folder.begun_by(run.config["tracking"]["parent"]))


def _alone() -> bool:
    return bool(HydraConfig.get().mode == RunMode.RUN)


def _train(run: Run, folder: RunFolder) -> str:
    folder.begin(run.config["tracking"]["parent"])
    live = record.LiveLog(folder, run, time.time())
    try:
        outcome = train_run(run, _prepared(run), live.evaluation)
        folder.write(run.settings, outcome.history, outcome.theta, outcome.timings, outcome.row)
    except KeyboardInterrupt:
        live.end("KILLED")
        raise
    except Exception as error:
        log.error("FAILED: %s: %s: %s", run.name, type(error).__name__, error)
        log_file.error(traceback.format_exc())
        folder.write_failure(traceback.format_exc())
        live.end("FAILED")
        raise
    live.finish()
    log.log(logging.INFO if _alone() else logging.DEBUG, "%s: %s", run.name, outcome.sentence())
    return str(outcome.row["status"])


def _prepared(run: Run) -> encoded.TrainingData:
    """The run's data: those whose digest is in its identity, and no others that came in their place since."""
    model, data = run.config["model"], run.config["data"]
    where = places.PREPARED, data["name"]
    loaded = _load(*where, json.dumps(data), run.data["digest"], model["dtype"], model["bias"])
    if loaded.summary["digest"] != run.data["digest"]:
        raise UserError(planned.prepared_anew(run))
    return loaded


@cache
def _load(
    prepared: Path, name: str, settings: str, digest: str, dtype: str, bias: bool
) -> encoded.TrainingData:
    return encoded.load(name, json.loads(settings), dtype, bias)
