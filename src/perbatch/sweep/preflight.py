"""Hydra's callbacks, which `conf/` names: what happens before a single run gets a folder, and after a job."""

import logging
import sys
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from perbatch.advice import SWEEP
from perbatch.errors import UserError
from perbatch.launch.job import ForgetConfigs as ForgetConfigs
from perbatch.runs.check import checked
from perbatch.runs.folder import RunFolder
from perbatch.sweep import plan, record
from perbatch.sweep.sentences import MENDED_BY_USERS, sentence

log = logging.getLogger(__name__)


class Preflight(Callback):
    """Hydra's callback for a single run. A sweep does the same for all of its runs at once."""

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:
        """End the process, with one sentence, where the run cannot start or is only to be shown."""
        try:
            asked = config.hydra.sweeper.get("search") or {}
            if asked.get("sampler") is not None or asked.get("trials") is not None:
                raise UserError(f"a search is a sweep: add {SWEEP}")
            plan.refuse(config)
            run = checked(config)
            if config.batch_size not in ("full", run.batch_size):
                log.warning(*plan.capped(config.batch_size, run.batch_size))
            if not config.dry_run:
                store = record.store_of(config.tracking.uri)
                store.check()
                if store.is_server:  # it may refuse this user's runs; a file that takes one takes all
                    record.experiment_of(store, run.experiment)
        except MENDED_BY_USERS as error:
            sys.exit(f"error: {sentence(error)}")  # Hydra turns a callback's exceptions into warnings
        if config.dry_run:
            complete = RunFolder(Path(config.hydra.run.dir)).complete and not config.rerun
            log.info("%s: %s", run.name, "complete, reused" if complete else "to train")
            sys.exit(0)
