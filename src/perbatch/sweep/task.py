"""What one job does: reuse the run of its identity, or train it, and log it."""

import json
import logging
import sys
import time
import traceback
from functools import cache
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from perbatch import data
from perbatch.sweep import identity, places, record, resolvers, schema
from perbatch.sweep.cell import run_name
from perbatch.sweep.folder import FAILURE, RunFolder
from perbatch.sweep.training import schedule, train_run
from perbatch.tracking import StoreUnavailable

log = logging.getLogger(__name__)

schema.register()
resolvers.register()


def run(config: DictConfig) -> str:
    """Hydra's task: make sure that the run of this config is complete and logged; return how it ended.

    That is `reused`, `finished` or `diverged`. Errors: what training raises.
    """
    folder = RunFolder(Path(HydraConfig.get().runtime.output_dir))
    with folder.lock():
        if HydraConfig.get().mode == RunMode.RUN:
            _check_store(config, folder)  # a sweep has done so before its first run
        if config.rerun or not folder.complete:
            return _train(config, folder)
        log.info("Reused: this run is complete in %s (rerun=true trains it again)", folder.path)
        log_where_missing(folder, config)
        return "reused"


def _check_store(config: DictConfig, folder: RunFolder) -> None:
    try:
        record.store_of(config.tracking.uri).check()
    except StoreUnavailable as error:
        if not folder.complete:
            folder.remove()
        sys.exit(f"error: {error}")  # an exception would come out below a line of Hydra's own


def log_where_missing(folder: RunFolder, config: DictConfig) -> None:
    """Log a complete run from its folder where the store lacks it."""
    store = record.store_of(config.tracking.uri)
    if folder.logged(record.experiment_of(store, config.data.name).key):
        return
    run_log = record.new_log(config, identity.of(config), folder.timings()["start"])
    record.replay(folder, run_log)
    record.finish(folder, config, run_log)


def _train(config: DictConfig, folder: RunFolder) -> str:
    folder.clear()
    start = time.time()
    run_log = record.new_log(config, identity.of(config), start)
    live = record.LiveLog(run_log, start, len(schedule(config)) + 1)
    try:
        outcome = train_run(config, _prepared(config), live.evaluation)
    except KeyboardInterrupt:
        record.end_unfinished(run_log, "KILLED")
        raise
    except Exception as error:
        folder.write_failure(traceback.format_exc())
        log.error("FAILED: %s: %s (traceback in %s)", type(error).__name__, error, folder.path / FAILURE)
        record.end_unfinished(run_log, "FAILED", folder.path / FAILURE)
        raise
    folder.write(identity.settings(config), outcome.history, outcome.theta, outcome.timings, outcome.row)
    live.flush()
    record.finish(folder, config, run_log)
    level = logging.INFO if HydraConfig.get().mode == RunMode.RUN else logging.DEBUG
    log.log(level, "%s: %s", run_name(config), outcome.sentence())
    return str(outcome.row["status"])


def _prepared(config: DictConfig) -> data.Prepared:
    return _load(config.data.name, json.dumps(identity.plain(config.data)))


@cache
def _load(name: str, settings: str) -> data.Prepared:
    return data.load(places.PREPARED / name, json.loads(settings))
