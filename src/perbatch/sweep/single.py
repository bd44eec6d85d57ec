"""One run from Python, by the way of the command line: `python pipelines/train.py key=value ...`."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from perbatch.errors import UserError
from perbatch.runs import places
from perbatch.runs.folder import RunFolder
from perbatch.sweep import task
from perbatch.sweep.sentences import mended_by_user

TO_FILE = "hydra.job_logging.root.handlers=[file]"
"""A library writes to no terminal of its own accord: a run's log has what it says, and the caller."""


def train(overrides: Sequence[str]) -> RunFolder:
    """Train the run that these overrides make, or reuse it, and return its folder.

    Errors: a UserError where the input is wrong, what training raises, and KeyboardInterrupt.
    """
    folders: list[RunFolder] = []

    def work(config: DictConfig) -> str:
        logging.getLogger().handlers += listening
        folders.append(RunFolder(Path(HydraConfig.get().runtime.output_dir)))
        return task.run(config)

    listening = list(logging.getLogger().handlers) or [logging.lastResort or logging.NullHandler()]
    with _as_before(), initialize_config_dir(str(places.CONF), job_name="train", version_base="1.3"):
        hydra = GlobalHydra.instance().hydra
        assert hydra is not None
        try:
            hydra.run("config", work, [*overrides, TO_FILE])
        except SystemExit as refused:  # of the callback that checks a single run
            raise UserError(str(refused.code).removeprefix("error: ")) from None
        except Exception as error:
            if said := mended_by_user(error):
                raise UserError(said) from error
            raise
    return folders[0]


@contextmanager
def _as_before() -> Iterator[None]:
    """Put back what Hydra does to the caller's logging, and the caller's own use of Hydra."""
    root, initialized = logging.getLogger(), GlobalHydra.instance().hydra
    handlers, level = list(root.handlers), root.level
    GlobalHydra.instance().clear()
    try:
        yield
    finally:
        for handler in set(root.handlers) - {*handlers, logging.lastResort}:
            handler.close()
        root.handlers[:], root.level = handlers, level
        GlobalHydra.instance().hydra = initialized  # Hydra may have made another instance
