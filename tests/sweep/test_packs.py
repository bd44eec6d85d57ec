"""Several runs in a job: each stays a run of its own."""

import pytest

from perbatch.sweep import packs
from processes import JOBLIB, Place


def test_a_pack_holds_what_was_put_into_it() -> None:
    jobs = [["batch_size=8", "model.hidden=[4,4]"], ["batch_size=full", "tracking.uri='http://127.0.0.1:1'"]]
    assert packs.unpack(packs.pack(jobs)) == jobs
    assert packs.pack(jobs[:1]) == jobs[0]
    assert packs.unpack(jobs[1]) == [jobs[1]]


@pytest.mark.slow
@pytest.mark.parametrize("launcher", [("hydra/launcher=basic",), JOBLIB], ids=["basic", "joblib"])
def test_a_failure_leaves_the_others_of_its_job_alone(place: Place, launcher: tuple[str, ...]) -> None:
    grid = ("seed=0,1", "model.hidden=[1000000000000],[4],[8]", "epochs=1", *launcher)
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
    assert said == "error: hydra.sweeper.runs_per_job=0: must be a whole number of at least 1"
