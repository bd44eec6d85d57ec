"""One run as a job of Hydra's own: what `hydra.core.utils.run_job` does, at a fifth of its cost.

Hydra copies a job's config five times, and PyYAML's emitter in Python writes it. Here the caller hands over
two configs that nobody else holds, and libyaml writes them, what is the same in all runs once.
"""

import logging
import os
import pickle
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobRuntime, JobStatus, configure_log, env_override
from hydra.experimental.callback import Callback
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict, read_write
from omegaconf._utils import get_omega_conf_dumper


class _Dumper(getattr(yaml, "CDumper", yaml.Dumper)):  # type: ignore[misc]
    """OmegaConf's own, which quotes text that looks like a number, by libyaml where it is there."""


_Dumper.add_representer(str, get_omega_conf_dumper().str_representer)


class ForgetConfigs(Callback):
    """Drops the two configs that Hydra keeps of every job that ended: ten thousand of them take gigabytes."""

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **kwargs: Any) -> None:
        """Leave the job's status and what it returned; its config is in its folder."""
        job_return.cfg = job_return.hydra_cfg = None


def run(
    context: HydraContext, task: TaskFunction, whole: DictConfig, own: DictConfig, folder: Path
) -> JobReturn:
    """Run `task` on the config `own`, with `whole`, which has Hydra's part too, as `HydraConfig`.

    As Hydra does: in its `folder`, with its log, its three files in `.hydra/`, its environment and callbacks.
    Returns what the task returned, or raised. Errors: those of setting this up.
    """
    with _hydra_config(whole):
        hydra = whole.hydra
        folder = Path(os.path.abspath(folder))
        with read_write(hydra), open_dict(hydra):
            hydra.runtime.output_dir = str(folder)
        OmegaConf.set_readonly(hydra, True)
        folder.mkdir(parents=True, exist_ok=True)
        overrides = list(hydra.overrides.task)
        done = JobReturn(overrides=overrides, cfg=own, hydra_cfg=whole)
        with chdir(folder if hydra.job.chdir else Path.cwd()):
            done.working_dir = os.getcwd()
            configure_log(hydra.job_logging, hydra.verbose)
            if hydra.output_subdir is not None:
                place = folder / hydra.output_subdir
                place.mkdir(exist_ok=True, parents=True)
                _write(place / "config.yaml", _by_key(own))
                _write(place / "hydra.yaml", "hydra:\n" + _by_key(hydra, below="hydra"))
                _write(place / "overrides.yaml", _text(overrides))
            with env_override(hydra.job.env_set):
                context.callbacks.on_job_start(config=whole, task_function=task)
                try:
                    done.return_value, done.status = task(own), JobStatus.COMPLETED
                except Exception as error:
                    done.return_value, done.status = error, JobStatus.FAILED
            done.task_name = JobRuntime.instance().get("name")
            for handler in logging.getLogger().handlers:
                handler.flush()
            context.callbacks.on_job_end(config=whole, job_return=done)
    return done


@contextmanager
def _hydra_config(config: DictConfig) -> Iterator[None]:
    before = HydraConfig.instance().cfg
    HydraConfig.instance().cfg = config  # type: ignore[assignment]  # `set_config` would copy it
    try:
        yield
    finally:
        HydraConfig.instance().cfg = before


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _text(value: Any) -> str:
    return yaml.dump(value, Dumper=_Dumper, default_flow_style=False, allow_unicode=True, sort_keys=False)


def _by_key(config: DictConfig, below: str = "") -> str:
    """A config as YAML, put together from its keys, most of which are the same in all runs of a worker."""
    plain: Any = OmegaConf.to_container(config, resolve=False, enum_to_str=True)
    return "".join(_key(pickle.dumps({key: value}), below) for key, value in plain.items())


@lru_cache(maxsize=1000)  # in which those that differ from run to run stay for a while too
def _key(pickled: bytes, below: str) -> str:
    """A key and its value as YAML, indented where they stand below another key."""
    pair = pickle.loads(pickled)
    return _text({below: pair}).removeprefix(f"{below}:\n") if below else _text(pair)
