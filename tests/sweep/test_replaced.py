"""Runs that are trained again: MLflow's views show the newest of each identity, the older are kept."""

import json
import shutil
from collections.abc import Mapping
from types import SimpleNamespace

from mlflow import MlflowClient

ONE = ("epochs=1", "engine=numpy", "hydra/launcher=basic")
SWEEP = ("-m", *ONE, "seed=0,1,2")


def shown(here: SimpleNamespace) -> Mapping[str, str]:
    """The runs that the view of all runs finds, by their names; none of them twice."""
    store = MlflowClient(f"sqlite:///{here.root}/mlflow.db")
    experiment = store.get_experiment_by_name("digits")
    view = json.loads(experiment.tags["mlflow.sharedViewState.runs"])
    found = store.search_runs([experiment.experiment_id], view["searchFilter"])
    names = {run.info.run_name: run.info.run_id for run in found}
    assert len(names) == len(found)
    return names


def folders(here: SimpleNamespace) -> set[str]:
    """MLflow's ids of the runs that lie in the folders."""
    return {
        run for path in here.root.glob("runs/*/logged.json") for run in json.loads(path.read_text()).values()
    }


def test_the_newest_run_of_an_identity_is_shown_alone(here: SimpleNamespace) -> None:
    here.call(*SWEEP)
    first = shown(here)
    assert len(first) == 3 and set(first.values()) == folders(here)

    here.call(*SWEEP, "rerun=true")
    again = shown(here)
    assert set(again.values()) == folders(here) and not set(again.values()) & set(first.values())

    shutil.rmtree(next(here.root.glob("runs/*/logged.json")).parent)
    here.call(*SWEEP)
    assert len(shown(here)) == 3 and set(shown(here).values()) == folders(here)
    assert len(set(shown(here).values()) & set(again.values())) == 2

    here.call(*ONE, "seed=2", "rerun=true")
    assert len(shown(here)) == 3 and set(shown(here).values()) == folders(here)

    store = MlflowClient(f"sqlite:///{here.root}/mlflow.db")
    kept = store.search_runs(["1"], "tags.`perbatch.kind` = 'replaced' and attributes.status = 'FINISHED'")
    assert len(kept) == 3 + 1 + 1
