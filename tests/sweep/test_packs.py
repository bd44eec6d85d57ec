"""Several runs in a job: each stays a run of its own."""

import pickle
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import cloudpickle
import pytest
from hydra.core.utils import filter_overrides

from checkouts import FAILS, failing
from perbatch.launch import packs
from perbatch.launch.packs import ONE, Pack, PackSize
from perbatch.runs.folder import RunFolder
from perbatch.runs.planned import PlannedRun
from processes import JOBLIB, Place

RUNS = [
    PlannedRun(
        "one", ["batch_size=8", "model.hidden=[4,4]"], "e", "1", RunFolder(Path("1")), "1", "d", 8, number=3
    ),
    PlannedRun(
        "two", ["tracking.uri='http://127.0.0.1:1'"], "e", "2", RunFolder(Path("2")), "2", "d", 8, number=5
    ),
]


def test_a_pack_holds_what_was_put_into_it_however_it_is_handed_on() -> None:
    for runs in (RUNS, RUNS[:1]):
        job = Pack(runs, 10.0).as_job()
        for handed in (
            job,
            list(job),
            pickle.loads(pickle.dumps(job)),
            cloudpickle.loads(cloudpickle.dumps(job)),
        ):
            assert (pack := packs.of(handed)) and (pack.runs, pack.seconds) == (runs, 10.0)
        assert packs.of(runs[0].overrides) is None


def test_a_launcher_shows_what_a_pack_holds() -> None:
    assert filter_overrides(Pack(RUNS, None).as_job()) == ["runs 3 to 5"]
    assert filter_overrides(Pack(RUNS[:1], None).as_job()) == RUNS[0].overrides


@pytest.mark.parametrize(
    ("workers", "each", "expected"),
    [
        (2, None, PackSize(32, 10.0, 2)),  # nothing is known: a job ends by the clock
        (2, 0.5, PackSize(20, None, 2)),
        (2, 60.0, PackSize(1, None, 2)),
        (None, None, ONE),  # a queue may take hours
        (None, 0.5, PackSize(20)),
        (None, 0.0, PackSize(32)),
    ],
)
def test_a_job_gets_as_many_runs_as_last_about_ten_seconds(
    workers: int | None, each: float | None, expected: PackSize
) -> None:
    assert packs.size(workers, each) == expected


@pytest.mark.parametrize(
    ("runs", "size", "expected"),
    [
        (70, PackSize(32), [32, 32, 6]),
        (1000, PackSize(300, None, 2), [250, 188, 141, 106, 79, 59, 45, 33, 25, 19]),
        (8, PackSize(32, 10.0, 2), [2, 2, 1, 1, 1, 1]),
        (3, PackSize(32, 10.0, 2), [1, 1, 1]),
        (3, ONE, [1, 1, 1]),
    ],
)
def test_workers_that_share_runs_get_smaller_packs_at_the_end(
    runs: int, size: PackSize, expected: list[int]
) -> None:
    parts = size.split([replace(RUNS[0], number=number) for number in range(runs)])
    assert [len(part) for part in parts[: len(expected)]] == expected
    assert [run.number for part in parts for run in part] == list(range(runs))


def test_what_a_job_had_no_time_to_begin_goes_out_again(
    here: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(packs, "SECONDS", 0.0)
    here.call("-m", "epochs=1", "engine=numpy", "hydra/launcher=basic", "seed=range(700,708)")
    said = "".join(capfd.readouterr())
    assert re.findall(r"Launching (\d+) jobs", said) == ["4", "3", "1"]  # of 4, 2, 1 and 1 runs at first
    assert "8 of 8 runs" in said


def test_each_run_has_a_job_number_of_its_own(here: SimpleNamespace) -> None:
    root = here.root / "numbered"
    folders = (f"hydra.sweep.dir={root}", "hydra.sweep.subdir=${hydra.job.num}", "seed=range(800,806)")
    packed = ("epochs=1", "engine=numpy", "hydra/launcher=basic", "hydra.sweeper.runs_per_job=4")
    with pytest.raises(Exception, match="cannot be told before the jobs start"):
        here.call("-m", *packed, *folders)
    here.call("-m", *packed, "seed=range(800,806)")
    texts = [path.read_text() for path in here.root.glob("runs/*/.hydra/hydra.yaml")]
    numbers = [text.split("    num: ")[1].split()[0] for text in texts if "runs_per_job: 4" in text]
    assert sorted(numbers) == list("012345")


@pytest.mark.slow
@pytest.mark.parametrize("launcher", [("hydra/launcher=basic",), JOBLIB], ids=["basic", "joblib"])
def test_a_failure_leaves_the_others_of_its_job_alone(
    place: Place, tmp_path: Path, launcher: tuple[str, ...]
) -> None:
    place = Place(place.root, failing(place.checkout, tmp_path / "failing"))
    grid = ("seed=0,1", f"{FAILS},[4],[8]", "epochs=1", *launcher)
    said = place.run(*grid, "hydra.sweeper.runs_per_job=5", status=1)
    assert "2 of 6 runs failed" in said.splitlines()[-1]
    assert "Traceback" not in said
    kept = place.stamps()
    assert len(kept) == 4
    assert place.logged() == dict.fromkeys(kept, 1)
    assert place.statuses() == {"FINISHED": 4, "FAILED": 2}
    for folder in place.root.glob("runs/*/"):
        if folder.name != ".sweeps":
            assert (folder / ".hydra" / "overrides.yaml").is_file()  # Hydra's own, as of any other job
    tables = place.tables()
    assert "6 runs: 4 reused, 2 to train" in place.run(*grid, status=1)
    assert place.stamps() == kept
    assert place.tables() == tables


def test_a_number_of_runs_that_is_none_is_refused(place: Place) -> None:
    said = place.run("hydra.sweeper.runs_per_job=0", status=1).splitlines()[-1]
    assert said == "error: hydra.sweeper.runs_per_job=0: must be a whole number of at least 1, or null"
