"""What a sweep does when its launcher breaks down, with a launcher that breaks down on purpose."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hydra.core.utils import JobReturn, JobStatus

from perbatch.sweep.folder import RunFolder
from perbatch.sweep.plan import Plan, PlannedRun
from perbatch.sweep.sweeper import _train

PARENTS = SimpleNamespace(of=lambda run: "parent")


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    runs = [PlannedRun(name, [name], "digits", name, RunFolder(tmp_path / name)) for name in "abc"]
    return Plan(3, [], runs, list("abc"), {})


def complete(folder: RunFolder) -> None:
    with folder.lock():
        folder.write({}, "", np.zeros(1), {}, {"status": "finished"})


def test_a_worker_that_dies_between_two_runs_costs_nothing(plan: Plan) -> None:
    launched: list[list[str]] = []

    def launch(jobs: list[list[str]]) -> list[JobReturn]:
        launched.append([job[0] for job in jobs])
        by_name = {run.name: run.folder for run in plan.missing}
        if len(launched) == 1:
            complete(by_name["b"])
            raise RuntimeError("a worker was terminated")
        for job in jobs:
            complete(by_name[job[0]])
        return [JobReturn(status=JobStatus.COMPLETED) for _ in jobs]

    _train(plan, PARENTS, launch, rerun=False)
    assert launched == [["a", "b", "c"], ["a", "c"]]
    assert all(run.folder.complete for run in plan.missing)


def test_a_launcher_that_does_nothing_at_all_is_not_tried_again(plan: Plan) -> None:
    def launch(jobs: list[list[str]]) -> list[JobReturn]:
        raise RuntimeError("no such launcher")

    with pytest.raises(RuntimeError, match="no such launcher"):
        _train(plan, PARENTS, launch, rerun=False)
