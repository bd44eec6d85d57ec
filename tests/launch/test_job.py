"""A run as a job: what Hydra's own `run_job` leaves, ours leaves too."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hydra import initialize_config_dir
from hydra._internal.callbacks import Callbacks
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobStatus, run_job, setup_globals
from hydra.experimental.callback import Callback
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig, OmegaConf, open_dict

from perbatch.launch import job
from perbatch.runs import places
from perbatch.sweep import task  # noqa: F401  (registers schema and resolvers)
from perbatch.sweep.compose import CachingLoader

OVERRIDES = ["batch_size=8", "learning_rate=0.25", "model.hidden=[4,4]", "hydra.sweep.subdir=one"]
OF_SWEEP = ["seed=3", "+hydra.job.env_set.ODD='1'", "++hydra.verbose=false"]


@pytest.fixture(autouse=True)
def _no_log_left_open() -> Iterator[None]:
    yield
    for handler in logging.getLogger().handlers[:]:
        if isinstance(handler, logging.FileHandler):
            logging.getLogger().removeHandler(handler)
            handler.close()


class Told(Callback):
    """Notes what it is told."""

    def __init__(self) -> None:
        self.said: list[Any] = []

    def on_job_start(self, config: DictConfig, **_: Any) -> None:
        self.said.append(("start", config.hydra.job.num, config.batch_size))

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **_: Any) -> None:
        self.said.append(("end", config.batch_size, job_return.status, job_return.cfg.batch_size))


@pytest.mark.parametrize("chdir", ["true", "false"])
def test_leaves_what_hydras_own_leaves(
    tmp_path: Path, prepared: Any, chdir: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with initialize_config_dir(str(places.CONF), version_base="1.3"):
        setup_globals()
        loader = CachingLoader(GlobalHydra.instance().config_loader())
        seen: dict[str, Any] = {}
        for name in ("theirs", "ours"):
            of_sweep = [*OF_SWEEP, f"hydra.sweep.dir={tmp_path}", f"hydra.job.chdir={chdir}"]
            master = loader.load_configuration("config", of_sweep, RunMode.MULTIRUN)
            whole, own = loader.load_job(master, OVERRIDES)
            with open_dict(whole):
                whole.hydra.job.id, whole.hydra.job.num = "7", 7
            callbacks, told = Callbacks(), Told()
            callbacks.callbacks.append(told)
            context = HydraContext(loader, callbacks)

            def main(config: DictConfig) -> str:
                hydra = HydraConfig.get()
                where = Path.cwd().name, hydra.runtime.output_dir, hydra.job.num
                return repr((OmegaConf.to_container(config, resolve=False), where))

            if name == "ours":
                done = job.run(context, main, whole, own, tmp_path / "one")
            else:
                done = run_job(main, whole, "hydra.sweep.dir", "hydra.sweep.subdir", context)
            place = tmp_path / "one"
            files = {path.name: path.read_text() for path in sorted((place / ".hydra").iterdir())}
            seen[name] = files, done.return_value, done.status, done.overrides, done.working_dir, told.said
            place.rename(tmp_path / name)
        assert seen["ours"] == seen["theirs"]
        assert len(seen["ours"][0]) == 3


def test_what_the_task_raises_is_returned(tmp_path: Path, prepared: Any) -> None:
    def fail(_: DictConfig) -> None:
        raise RuntimeError("planted")

    with initialize_config_dir(str(places.CONF), version_base="1.3"):
        setup_globals()
        loader = CachingLoader(GlobalHydra.instance().config_loader())
        master = loader.load_configuration("config", [f"hydra.sweep.dir={tmp_path}"], RunMode.MULTIRUN)
        done = job.run(
            HydraContext(loader, Callbacks()), fail, *loader.load_job(master, OVERRIDES), tmp_path / "one"
        )
    assert done.status == JobStatus.FAILED
    with pytest.raises(RuntimeError, match="planted"):
        _ = done.return_value
