"""Registers perbatch's launchers for clusters with Hydra; the work is in perbatch.launch."""

from collections.abc import Sequence
from typing import Any

from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher


class _Launcher(Launcher):
    def __init__(self, **settings: Any) -> None:
        self._settings = settings

    def setup(self, *, hydra_context: Any, task_function: Any, config: Any) -> None:
        self._handed: tuple[Any, Any, Any] = hydra_context, task_function, config


class SlurmLauncher(_Launcher):
    """Hydra's face of `perbatch.launch.slurm.launch`."""

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run the jobs in an array of SLURM's, and wait until all have ended."""
        from perbatch.launch import slurm

        return slurm.launch(self._settings, *self._handed, job_overrides)


class DaskLauncher(_Launcher):
    """Hydra's face of `perbatch.launch.dask.launch`."""

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run the jobs on a Dask cluster, and wait until all have ended."""
        from perbatch.launch import dask

        return dask.launch(self._settings, *self._handed, job_overrides)
