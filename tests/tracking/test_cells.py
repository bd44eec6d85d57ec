"""Cells in the store: logged once, and what changed stands in place of what was."""

import math
from pathlib import Path

from perbatch.tracking import SweepLog, locate
from perbatch.tracking.cells import log_cells


def test_cells_are_logged_once_and_replaced_where_they_changed(tmp_path: Path) -> None:
    store = locate(None, tmp_path)
    log = SweepLog(store, store.experiment("digits"))
    parent = log.start("sweep", {})
    own = {"cell": "M0032 lr1 epochs=5 tanh", "name": "M0032 lr1 tanh epochs=5", "mode": "mini-batch"}
    rows = [
        own | {"seeds": "reported", "n": 10, "validation_loss": 0.132},
        own | {"seeds": "tuning", "n": 2, "validation_loss": math.inf},
    ]
    assert log_cells(store, log.experiment, parent, rows) == 2
    assert log_cells(store, log.experiment, parent, rows) == 0
    rows[0] |= {"validation_loss": 0.14}
    assert log_cells(store, log.experiment, parent, rows) == 1
    found = store.client.search_runs([log.experiment.id], "tags.`perbatch.kind` = 'cell'")
    metrics = {run.info.run_name: run.data.metrics for run in found}
    assert metrics == {
        "M0032 lr1 tanh epochs=5 reported": {"n": 10, "validation_loss": 0.14},
        "M0032 lr1 tanh epochs=5 tuning": {"n": 2},
    }
    assert all(run.data.tags["cell"] == own["cell"] for run in found)
    assert all(run.data.params == {"mode": "mini-batch"} for run in found)


def test_the_best_of_a_search_are_tagged_and_stay_so(tmp_path: Path) -> None:
    store = locate(None, tmp_path)
    log = SweepLog(store, store.experiment("digits"))
    parent = log.start("search", {})
    rows = [{"cell": f"M0032 lr{rate}", "name": f"M0032 lr{rate}", "seeds": "tuning"} for rate in (1, 2)]
    rows[1]["best"] = "0a1b"
    for _ in range(2):
        log_cells(store, log.experiment, parent, rows)
        best = store.client.search_runs([log.experiment.id], "tags.best = '0a1b'")
        assert [run.data.tags["cell"] for run in best] == ["M0032 lr2"]
