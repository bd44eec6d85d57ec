"""Data that are prepared anew, in another terminal, once a sweep is planned."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from perbatch.data.prepared import ARRAYS, arrays_digest, summary_digest
from processes import BASIC, Place

ANEW = """
import os, shutil
from hydra.experimental.callback import Callback

class Anew(Callback):
    def on_job_start(self, config, **kwargs):
        shutil.copytree(os.environ["OTHER"], os.environ["DATA"], dirs_exist_ok=True)
"""


@pytest.mark.slow
def test_data_prepared_anew_after_planning_are_not_trained_on(
    tmp_path: Path, prepared: Path, checkout: Path
) -> None:
    """With the basic launcher, planning and training are one process, which remembers the old digest."""
    own = shutil.copytree(checkout, tmp_path / "checkout")
    other = shutil.copytree(prepared / "digits", tmp_path / "other")
    arrays = {name: np.load(other / f"{name}.npy") for name in ARRAYS}
    arrays["X_train"][0, 0] += 1
    np.save(other / "X_train.npy", arrays["X_train"])
    summary = json.loads((other / "summary.json").read_text())
    summary |= {"digest": arrays_digest(arrays)}
    summary["summary_digest"] = summary_digest(summary)
    (other / "summary.json").write_text(json.dumps(summary))
    (tmp_path / "anew.py").write_text(ANEW)
    where = {"PYTHONPATH": str(tmp_path), "OTHER": str(other), "DATA": str(own / "data/prepared/digits")}
    place = Place(tmp_path / "root", own, environment=where)
    said = place.run(*("seed=0,1", "epochs=1", BASIC, "+hydra.callbacks.anew._target_=anew.Anew"), status=1)
    assert "were prepared anew since this run was planned" in said
    assert place.folders("run.json") == []
    assert "2 runs: 0 reused, 2 to train" in place.run("seed=0,1", "epochs=1", BASIC)
