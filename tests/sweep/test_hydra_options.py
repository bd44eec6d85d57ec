"""What Hydra documents for a job's logging and folder works, alone and in a sweep, or is refused."""

import errno
from pathlib import Path
from types import SimpleNamespace

import pytest

from perbatch.errors import UserError
from perbatch.launch import launching
from perbatch.sweep import sweeper, task
from processes import Place

SMALL = ("epochs=1", "engine=numpy", "hydra/launcher=basic")


def complete(root: Path) -> set[str]:
    return {path.parent.name for path in root.rglob("run.json")}


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_every_job_logging_of_hydras_trains(here: SimpleNamespace, seed: int) -> None:
    logging = {1: "disabled", 2: "stdout", 3: "none", 4: "default"}[seed]
    before = complete(here.root)
    here.call("-m", *SMALL, f"seed={seed}", f"hydra/job_logging={logging}")
    here.call("epochs=1", "engine=numpy", f"seed={seed + 10}", f"hydra/job_logging={logging}")
    assert len(complete(here.root) - before) == 2


def test_the_traceback_of_a_failed_run_is_in_its_log_without_hydras_file_too(
    here: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr(task, "train_run", fail)
    with pytest.raises(UserError, match="planted"):
        here.call("-m", *SMALL, "seed=20", "hydra/job_logging=stdout")
    logs = [path.read_text() for path in here.root.glob("runs/*/train.log")]
    assert any("RuntimeError: planted" in log for log in logs)


@pytest.mark.parametrize("extra", [(), ("+hydra.job.env_set.ODD=1", "hydra.sweeper.runs_per_job=2")])
def test_a_folder_named_by_the_overrides_is_planned_and_found_again(
    here: SimpleNamespace, capfd: pytest.CaptureFixture[str], extra: tuple[str, ...]
) -> None:
    root = here.root / f"named{len(extra)}"
    own = (f"hydra.sweep.dir={root}", "hydra.sweep.subdir=${hydra.job.override_dirname}", *extra)
    grid = (*SMALL, "seed=1,2", "model.hidden=[4],[5]")
    here.call("-m", *grid, *own)
    assert complete(root) == {
        f"engine=numpy,epochs=1,model.hidden=[{hidden}],seed={seed}" for hidden in (4, 5) for seed in (1, 2)
    }
    here.call("-m", *grid, *own)
    assert "4 runs: 4 reused, 0 to train" in capfd.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 2])
def test_the_launchers_workers_find_the_planned_folder(place: Place, number: int) -> None:
    root = place.root / "workers"
    own = (f"hydra.sweep.dir={root}", r"""hydra.sweep.subdir="it's ${seed} of\\" """.strip())
    grid = ("epochs=1", "engine=numpy", "seed=41,42,43,44")
    assert "short way" not in place.run(*grid, *own, f"hydra.sweeper.runs_per_job={number}")
    assert complete(root) == {f"it's {seed} of\\" for seed in (41, 42, 43, 44)}
    assert "4 runs: 4 reused, 0 to train" in place.run(*grid, *own)


def test_a_folders_name_that_is_too_long_is_refused_before_anything_starts(here: SimpleNamespace) -> None:
    root = here.root / "long"
    own = (f"hydra.sweep.dir={root}", "hydra.sweep.subdir=${hydra.job.override_dirname}")
    hidden = ",".join(["11"] * 90)
    with pytest.raises(
        UserError, match=r"a name of \d+ bytes, and 255 are allowed: leave keys out of it with"
    ):
        here.call("-m", *SMALL, *own, f"model.hidden=[{hidden}]")
    assert not root.exists()
    exclude = "hydra.job.config.override_dirname.exclude_keys=[model.hidden]"
    here.call("-m", *SMALL, *own, exclude, f"model.hidden=[{hidden}]", "dry_run=true")


def test_a_log_that_cannot_be_set_up_is_one_sentence(here: SimpleNamespace) -> None:
    with pytest.raises(
        UserError, match=r"no run began: hydra/job_logging cannot be set up \(Unable to configure"
    ):
        here.call("-m", *SMALL, "seed=30", "hydra.job.name=no/such/folder")


def test_a_full_disk_is_called_that_and_not_a_launcher_that_failed() -> None:
    full = OSError(errno.ENOSPC, "No space left on device", "/some/where")
    with pytest.raises(UserError) as caught:
        launching._give_up(full, sweeper._said(full), 1)
    assert str(caught.value).startswith(
        "no run began: the disk takes no more of /some/where (No space left on"
    )
