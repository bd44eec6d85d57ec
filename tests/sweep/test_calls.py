"""Names in MLflow: what was swept or is not the default tells runs, cells and sweeps apart."""

from types import SimpleNamespace
from typing import Any

import pytest
from mlflow import MlflowClient

ONE = ("batch_size=32", "learning_rate=0.3", "hydra/launcher=basic")


def logged(here: SimpleNamespace, kind: str) -> list[Any]:
    store = MlflowClient(f"sqlite:///{here.root}/mlflow.db")
    experiment = store.get_experiment_by_name("digits").experiment_id
    return list(store.search_runs([experiment], f"tags.`perbatch.kind` = '{kind}'", order_by=["start_time"]))


@pytest.fixture(scope="module")
def swept(here: SimpleNamespace) -> SimpleNamespace:
    """Sweeps that differ in what they sweep, and in what they share."""
    here.call("-m", *ONE, "model.activation=relu,tanh", "model.hidden=[8],[8,4]", "seed=3", "epochs=1")
    here.call("-m", *ONE, "epochs=2", "seed=3,4", "sweep.name=two passes")
    here.call("-m", *ONE, "epochs=2", "seed=4,5", "shuffle=false,true")
    here.call(*ONE, "epochs=2", "seed=6", "engine=numpy")
    return here


def test_what_is_swept_or_not_the_default_is_in_the_names(swept: SimpleNamespace) -> None:
    cells = {run.info.run_name: run.data.tags["cell"] for run in logged(swept, "run")}
    networks = [f"hidden={hidden} {activation}" for hidden in ("8", "8-4") for activation in ("relu", "tanh")]
    own = {f"M0032 lr0.3 {network} s03 epochs=1": f"M0032 lr0.3 epochs=1 {network}" for network in networks}
    assert cells == own | {
        "M0032 lr0.3 s03 epochs=2": "M0032 lr0.3 epochs=2",
        # The run that shuffles was there: it keeps its name.
        "M0032 lr0.3 s04 epochs=2": "M0032 lr0.3 epochs=2",
        "M0032 lr0.3 shuffle=false s04 epochs=2": "M0032 lr0.3 epochs=2 shuffle=false",
        "M0032 lr0.3 shuffle=false s05 epochs=2": "M0032 lr0.3 epochs=2 shuffle=false",
        "M0032 lr0.3 shuffle=true s05 epochs=2": "M0032 lr0.3 epochs=2 shuffle=true",
        "M0032 lr0.3 s06 epochs=2 numpy": "M0032 lr0.3 epochs=2 numpy",
    }


def test_a_sweep_is_called_by_what_it_swept_or_as_it_was_asked(swept: SimpleNamespace) -> None:
    assert [run.info.run_name for run in logged(swept, "sweep")] == [
        "sweep over hidden, activation; epochs=1; 4 runs",
        "two passes",
        "sweep over seed, shuffle; epochs=2; 4 runs",
    ]


def test_names_are_no_part_of_an_identity(swept: SimpleNamespace) -> None:
    count = len(logged(swept, "run"))
    swept.call("-m", *ONE, "epochs=2", "seed=3,4", "sweep.name=another")
    assert len(logged(swept, "run")) == count
