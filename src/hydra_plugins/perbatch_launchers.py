"""Registers perbatch's launchers for clusters with Hydra; the work is in perbatch.launch."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher


class _Launcher(Launcher):
    module: str

    def __init__(self, **settings: Any) -> None:
        self._settings = settings

    def setup(self, **handed: Any) -> None:
        self._handed = handed

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        # Imported here: Hydra imports its plugins whatever is launched.
        from perbatch.launch.jobs import Handed

        launch = import_module(self.module).launch
        jobs: Sequence[JobReturn] = launch(self._settings, Handed(**self._handed), job_overrides)
        return jobs


class SlurmLauncher(_Launcher):
    """Hydra's face of a launcher of jobs in an array of SLURM's."""

    module = "perbatch.launch.slurm"


class DaskLauncher(_Launcher):
    """Hydra's face of a launcher of jobs on a Dask cluster."""

    module = "perbatch.launch.dask"
