"""A sweep as a user starts it, with the basic launcher in this process: what is trained, kept and logged."""

import csv
import io
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest
from hydra.core.global_hydra import GlobalHydra
from hydra.core.utils import JobReturn
from hydra.errors import HydraException
from hydra.experimental.callback import Callback
from mlflow import MlflowClient
from omegaconf import DictConfig, OmegaConf

import train
from perbatch.errors import UserError
from perbatch.runs import places, training
from perbatch.runs.folder import RunFolder
from perbatch.runs.run import Run
from perbatch.sweep import record, task
from perbatch.sweep.preflight import ForgetConfigs

GRID = ["batch_size=1,8,full,1000", "learning_rate=0.1,1e200", "seed=0,1", "epochs=2"]
Sweep = Callable[..., object]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Iterator[SimpleNamespace]:
    """A root of one's own, a way to call the script in it, and its store."""
    root = tmp_path_factory.mktemp("root")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DVC_ROOT", str(root))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.setattr(places, "PREPARED", prepared)
        forget()

        def call(*arguments: str) -> None:
            GlobalHydra.instance().clear()
            patch.setattr(sys, "argv", ["train.py", *arguments])
            patch.setenv("HYDRA_FULL_ERROR", "1")
            train.main()

        yield SimpleNamespace(root=root, call=call, client=lambda: client(root))
    forget()


def forget() -> None:
    """A store that did not answer is not asked again for a while."""
    record.try_store_again()


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def client(root: Path) -> MlflowClient:
    return MlflowClient(tracking_uri=f"sqlite:///{root}/mlflow.db")


def all_runs(root: Path) -> list:
    store = client(root)
    return list(store.search_runs([store.get_experiment_by_name("digits").experiment_id], max_results=1000))


@pytest.fixture(scope="module")
def swept(here: SimpleNamespace) -> SimpleNamespace:
    here.call("-m", *GRID, "hydra/launcher=basic", f"sweep.results={here.root}/tables")
    here.rows = table(here.root / "tables" / "runs.csv")
    here.bytes = {path.name: path.read_bytes() for path in (here.root / "tables").iterdir()}
    return here


def test_each_run_once_in_the_grids_order(swept: SimpleNamespace) -> None:
    asked = [(size, rate, seed) for size in (1, 8, 1000) for rate in (0.1, 1e200) for seed in (0, 1)]
    got = [(int(row["batch_size"]), float(row["learning_rate"]), int(row["seed"])) for row in swept.rows]
    assert got == asked
    folders = {path.parent.name for path in (swept.root / "runs").glob("*/run.json")}
    assert folders == {row["identity"] for row in swept.rows}
    assert {row["mode"] for row in swept.rows} == {"stochastic", "mini-batch", "full-batch"}


def test_divergence_is_a_result(swept: SimpleNamespace) -> None:
    by_rate = {(row["learning_rate"], row["status"]) for row in swept.rows}
    assert by_rate == {("0.1", "finished"), ("1e+200", "diverged")}
    assert all((row["diverged_epoch"] != "") == (row["status"] == "diverged") for row in swept.rows)


def test_the_history_has_the_runs_evaluations(swept: SimpleNamespace) -> None:
    lines = table(swept.root / "tables" / "history.csv")
    final = {line["identity"]: line for line in lines}
    for row in swept.rows:
        assert final[row["identity"]]["validation_loss"] == row["validation_loss"]
    assert "training_seconds" not in lines[0]


def test_the_driver_keeps_no_configs_of_ended_jobs() -> None:
    job = JobReturn(cfg=OmegaConf.create({"x": 1}), hydra_cfg=OmegaConf.create({"y": 1}), task_name="train")
    ForgetConfigs().on_job_end(OmegaConf.create(), job)
    assert (job.cfg, job.hydra_cfg, job.task_name) == (None, None, "train")


def test_hydra_keeps_its_own_files(swept: SimpleNamespace) -> None:
    folder = swept.root / "runs" / swept.rows[0]["identity"]
    assert "batch_size=1" in (folder / ".hydra" / "overrides.yaml").read_text()
    assert "batch_size: 1,8,full,1000" not in (folder / ".hydra" / "config.yaml").read_text()
    assert (swept.root / "runs" / "multirun.yaml").is_file()


def test_mlflow_has_one_parent_with_all_runs_below(swept: SimpleNamespace) -> None:
    runs = all_runs(swept.root)
    parents = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    children = [run for run in runs if "mlflow.parentRunId" in run.data.tags]
    assert len(parents) == 1
    assert {child.data.tags["mlflow.parentRunId"] for child in children} == {parents[0].info.run_id}
    assert len(children) == len(swept.rows)
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert parents[0].data.metrics == {"runs/finished": 6, "runs/diverged": 6, "runs/unfinished": 0}
    assert "python" in parents[0].data.tags["mlflow.note.content"]
    assert {file.path for file in swept.client().list_artifacts(parents[0].info.run_id)} == {
        "members.csv",
        "multirun.yaml",
    }


def test_mlflow_shows_what_sorts_groups_and_compares(swept: SimpleNamespace) -> None:
    run = next(run for run in all_runs(swept.root) if run.info.run_name == "M0008 lr0.1 s01 epochs=2")
    row = next(
        row
        for row in swept.rows
        if (row["batch_size"], row["learning_rate"], row["seed"]) == ("8", "0.1", "1")
    )
    assert run.data.tags["cell"] == "M0008 lr0.1 epochs=2"
    assert run.data.tags["perbatch.identity"] == row["identity"]
    assert (run.data.params["mode"], run.data.params["model.hidden"]) == ("mini-batch", "[32]")
    assert (run.data.metrics["config/batch_size"], run.data.metrics["config/learning_rate"]) == (8, 0.1)
    assert run.data.metrics["final/validation_loss"] == float(row["validation_loss"])
    assert run.data.metrics["best/validation_loss"] <= run.data.metrics["final/validation_loss"]
    curve = swept.client().get_metric_history(run.info.run_id, "validation/loss")
    assert (curve[0].step, curve[-1].step) == (0, 2000)
    assert 10 < len(curve) <= 40
    curves = {name for name in run.data.metrics if not name.startswith(("config/", "final/", "best/"))}
    scores = {f"{part}/{value}" for part in ("train", "validation") for value in ("loss", "accuracy")}
    assert curves == {*scores, "train/gradient_norm", "count/updates", "count/gradient_evaluations"}
    history = (RunFolder(swept.root / "runs" / row["identity"])).history().splitlines()
    assert len(history) > len(curve)
    assert "validation/r2" not in run.data.metrics
    inputs = run.inputs.dataset_inputs[0].dataset
    assert (inputs.name, inputs.digest) == ("digits", row["data_digest"][:36])
    profile = json.loads(inputs.profile)
    assert (profile["licence"], profile["split"]["seed"]) == ("CC BY 4.0", 0)
    assert "Alpaydin" in inputs.source
    names = {file.path for file in swept.client().list_artifacts(run.info.run_id)}
    assert names == {"config.json", "history.csv", "theta.npy"}


def test_a_diverged_run_is_finished_and_marked(swept: SimpleNamespace) -> None:
    run = next(run for run in all_runs(swept.root) if run.info.run_name == "M0008 lr1e+200 s00 epochs=2")
    assert run.info.status == "FINISHED"
    assert run.data.tags["diverged"] == "true"
    assert run.data.metrics["diverged_epoch"] > 0


def test_again_nothing_is_trained_and_the_tables_are_the_same(swept: SimpleNamespace) -> None:
    stamps = {path: path.stat().st_mtime_ns for path in (swept.root / "runs").glob("*/run.json")}
    before = len(all_runs(swept.root))
    swept.call("-m", *GRID, "hydra/launcher=basic", f"sweep.results={swept.root}/again")
    assert {path: path.stat().st_mtime_ns for path in (swept.root / "runs").glob("*/run.json")} == stamps
    assert {path.name: path.read_bytes() for path in (swept.root / "again").iterdir()} == swept.bytes
    assert len(all_runs(swept.root)) == before


def test_an_extended_sweep_trains_only_what_is_new(swept: SimpleNamespace) -> None:
    before = {run.info.run_id for run in all_runs(swept.root)}
    swept.call("-m", *GRID[:2], "seed=1,2", "epochs=2", "hydra/launcher=basic")
    new = [run for run in all_runs(swept.root) if run.info.run_id not in before]
    parent = next(run for run in new if "mlflow.parentRunId" not in run.data.tags)
    assert {run.info.run_name.split()[2] for run in new if run is not parent} == {"s02"}
    path = swept.client().download_artifacts(parent.info.run_id, "members.csv")
    members = table(Path(path))
    assert {member["seed"] for member in members} == {"1", "2"}
    note = parent.data.tags["mlflow.note.content"]
    condition = next(line for line in note.splitlines() if line.startswith("`tags")).strip("`")
    experiment = swept.client().get_experiment_by_name("digits").experiment_id
    found = swept.client().search_runs([experiment], condition, max_results=1000)
    assert {member["identity"] for member in members} <= {run.data.tags["perbatch.identity"] for run in found}


def test_trained_again_it_has_the_same_bits(swept: SimpleNamespace) -> None:
    folder = swept.root / "runs" / swept.rows[0]["identity"]
    before = {name: (folder / name).read_bytes() for name in ("history.csv", "theta.npy", "config.json")}
    row = RunFolder(folder).row()
    stamp = (folder / "run.json").stat().st_mtime_ns
    swept.call("batch_size=1", "learning_rate=0.1", "seed=0", "epochs=2", "rerun=true")
    assert {name: (folder / name).read_bytes() for name in before} == before
    assert str(RunFolder(folder).row()) == str(row)
    assert (folder / "run.json").stat().st_mtime_ns > stamp


def test_a_new_store_is_filled_from_the_folders(
    swept: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = swept.root / "elsewhere"
    elsewhere.mkdir()
    stamps = {path: path.stat().st_mtime_ns for path in (swept.root / "runs").glob("*/run.json")}
    swept.call("-m", *GRID, "hydra/launcher=basic", f"tracking.uri=sqlite:///{elsewhere}/mlflow.db")
    assert {path: path.stat().st_mtime_ns for path in (swept.root / "runs").glob("*/run.json")} == stamps
    names = {run.info.run_name for run in all_runs(elsewhere) if "cell" in run.data.tags}
    assert names == {
        run.info.run_name
        for run in all_runs(swept.root)
        if "cell" in run.data.tags and "s02" not in run.info.run_name.split()
    }


def test_a_dry_run_says_what_it_would_do_and_touches_nothing(
    swept: SimpleNamespace, capfd: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.stat().st_mtime_ns for path in swept.root.rglob("*")}
    swept.call("-m", "batch_size=8,16", "learning_rate=0.1", "seed=0,5", "epochs=2", "dry_run=true")
    said = capfd.readouterr().out
    assert "4 runs: 1 reused, 3 to train; about" in said
    assert [line.split("  ")[1] for line in said.splitlines()[1:]] == [
        "M0008 lr0.1 s05 epochs=2",
        "M0016 lr0.1 s00 epochs=2",
        "M0016 lr0.1 s05 epochs=2",
    ]
    with pytest.raises(SystemExit) as ended:
        swept.call("batch_size=16", "learning_rate=0.1", "dry_run=true")
    assert ended.value.code == 0
    assert {path: path.stat().st_mtime_ns for path in swept.root.rglob("*")} == before


def test_grids_of_the_sweeper_are_a_union(swept: SimpleNamespace, capfd: pytest.CaptureFixture[str]) -> None:
    grids = "hydra.sweeper.grids=[{batch_size: 1, seed: '0,1'}, {batch_size: 'full,1000', seed: 1}]"
    swept.call("-m", grids, "learning_rate=0.1", "epochs=2", "dry_run=true")
    assert "3 runs (4 combinations): 3 reused, 0 to train" in capfd.readouterr().out


class Numbers(Callback):
    """A user's callback: it notes the number of each job."""

    seen: ClassVar[list[int]] = []

    def on_job_end(self, config: DictConfig, **_: Any) -> None:
        self.seen.append(config.hydra.job.num)


def test_hydras_job_numbers_and_a_users_callbacks_are_there(swept: SimpleNamespace) -> None:
    Numbers.seen.clear()
    callback = f"+hydra.callbacks.numbers._target_={__name__}.Numbers"
    swept.call("-m", "epochs=1", "seed=20,21,22", "hydra/launcher=basic", callback)
    assert Numbers.seen == [0, 1, 2]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("hydra.sweeper.grids=[{batchsize: 8}]", "batchsize"),
        ("hydra/launcher=kubernetes", r"(?s)kubernetes.*basic.*cluster.*joblib.*slurm"),
    ],
)
def test_what_does_not_exist_is_named_before_anything_starts(
    swept: SimpleNamespace, bad: str, said: str
) -> None:
    folders = set((swept.root / "runs").iterdir())
    with pytest.raises((UserError, HydraException), match=said):
        swept.call("-m", "seed=30", bad)
    assert set((swept.root / "runs").iterdir()) == folders


def test_a_folder_of_the_users_own_is_kept(swept: SimpleNamespace) -> None:
    swept.call(
        "-m",
        *("epochs=1", "seed=0,1", "hydra/launcher=basic"),
        *(f"hydra.sweep.dir={swept.root}/own", "hydra.sweep.subdir=s${seed}"),
    )
    assert {path.parent.name for path in (swept.root / "own").glob("*/run.json")} == {"s0", "s1"}
    assert "seed=0,1" in (swept.root / "own" / "multirun.yaml").read_text()


def test_a_folder_of_the_users_own_is_not_taken_for_another_run(swept: SimpleNamespace) -> None:
    own = ("hydra/launcher=basic", f"hydra.sweep.dir={swept.root}/named")
    by_seed = (*own, "hydra.sweep.subdir=s${seed}")
    swept.call("-m", "epochs=1", "seed=0", *by_seed)
    before = (swept.root / "named" / "s0" / "run.json").read_bytes()
    with pytest.raises(UserError, match=r"named/s0 holds another run.*rerun=true"):
        swept.call("-m", "epochs=2", "seed=0", *by_seed)
    with pytest.raises(SystemExit, match=r"^error: .*holds another run"):
        swept.call("epochs=2", "seed=0", f"hydra.run.dir={swept.root}/named/s0")
    with pytest.raises(UserError, match=r"two runs of this sweep one folder"):
        swept.call("-m", "epochs=1,2", "seed=5", *by_seed)
    with pytest.raises(UserError, match=r"hydra.sweep.subdir cannot be told before the jobs start"):
        swept.call("-m", "epochs=1,2", *own, "hydra.sweep.subdir=${hydra.job.num}")
    assert (swept.root / "named" / "s0" / "run.json").read_bytes() == before
    swept.call("-m", "epochs=2", "seed=0", "rerun=true", *by_seed)
    assert (swept.root / "named" / "s0" / "run.json").read_bytes() != before


def test_a_run_that_raises_fails_alone(
    swept: SimpleNamespace, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(run: Run, *rest: Any) -> training.Outcome:
        if run.config["model"]["hidden"] == [5]:
            raise ValueError("planted")
        return training.train_run(run, *rest)

    monkeypatch.setattr(task, "train_run", fail)
    grid = ["model.hidden=[4],[5]", "epochs=1", "hydra/launcher=basic"]
    with pytest.raises(UserError, match="1 of 2 runs failed"):
        swept.call("-m", *grid, f"sweep.results={swept.root}/failing")
    rows = table(swept.root / "failing" / "runs.csv")
    assert [row["status"] for row in rows] == ["finished", "failed"]
    failed = swept.root / "runs" / rows[1]["identity"]
    assert "Traceback" in (failed / "failure.txt").read_text()
    assert "Traceback" in (failed / "train.log").read_text()
    assert "Traceback" not in "".join(capfd.readouterr())
    run = next(
        run for run in all_runs(swept.root) if run.data.tags.get("perbatch.identity") == rows[1]["identity"]
    )
    assert run.info.status == "FAILED"
    assert [file.path for file in swept.client().list_artifacts(run.info.run_id)] == ["failure.txt"]


@pytest.mark.parametrize("bad", ["batch_size=0", "seed=???", "evaluation.factor=???"])
def test_a_bad_combination_stops_the_sweep_before_anything_starts(swept: SimpleNamespace, bad: str) -> None:
    folders, runs = set((swept.root / "runs").iterdir()), len(all_runs(swept.root))
    with pytest.raises(UserError, match=re.escape(bad)):
        swept.call("-m", "batch_size=16", bad, "hydra/launcher=basic")
    assert set((swept.root / "runs").iterdir()) == folders
    assert len(all_runs(swept.root)) == runs


def test_an_experiment_and_the_pipelines_sweep_exclude_each_other(swept: SimpleNamespace) -> None:
    with pytest.raises(UserError, match="experiment=seed_example sweep=pipeline"):
        swept.call("experiment=seed_example", "sweep=pipeline")


def test_a_regression_reports_r2_and_never_accuracy(swept: SimpleNamespace) -> None:
    swept.call("data=diabetes", "model=regressor", "model.bias=false", "epochs=3", "learning_rate=0.1")
    store = swept.client()
    experiment = store.get_experiment_by_name("diabetes")
    (run,) = store.search_runs([experiment.experiment_id])
    assert "validation/r2" in run.data.metrics
    assert not [name for name in run.data.metrics if "accuracy" in name]
    folder = swept.root / "runs" / run.data.tags["perbatch.identity"]
    assert json.loads((folder / "run.json").read_text())["row"]["sizes"] == "10-32-1"


def test_the_weights_are_an_array_as_numpy_saves_it(here: SimpleNamespace) -> None:
    sizes = ("model.hidden=[4],[8,4]", "model.dtype=float32")
    here.call(
        "-m", *sizes, "epochs=1", "engine=numpy", "hydra/launcher=basic", f"sweep.results={here.root}/sizes"
    )
    folders = [here.root / "runs" / row["identity"] for row in table(here.root / "sizes" / "runs.csv")]
    short, long = (np.load(folder / "theta.npy") for folder in folders)
    padded = np.concatenate([short, np.full(long.size - short.size, np.nan, np.float32)])
    expected = io.BytesIO()
    np.save(expected, np.array([padded, long]))
    assert (here.root / "sizes" / "weights.npy").read_bytes() == expected.getvalue()
