"""What errors and warnings tell the user to type: commands, overrides, variables, each in this place alone.

A command is typed in the root of the checkout. An override is added to the command that failed, or takes the
place of its faulty one. `tests/test_advice_typed.py` types all of them and sees each error gone.
"""

import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from perbatch.overrides import typed, written

_CHECKOUT = Path(__file__).resolve().parents[2]

# any key

SWEEP = "-m"


def override(key: str, value: Any) -> str:
    """A key with a value of the user's own, in the quotes that Hydra and a shell want."""
    return typed(key, value)


def as_list(key: str, values: str) -> str:
    """A key with the list of these values, which commas part."""
    return shlex.quote(f"{key}=[{values}]")


# data

DECIMAL_COMMA = typed("data.reader.decimal", ",")
ONE_HOT = "data.reader.one_hot=true"


def leave_out(columns: Iterable[str]) -> str:
    """Leave columns out of a table."""
    return typed("data.reader.drop", list(columns))


def separator(mark: str) -> str:
    """Read a table whose values this character parts."""
    return typed("data.reader.separator", mark)


def task(name: str) -> str:
    """Take the target for classes, or for numbers."""
    return f"data.reader.task={name}"


def image_size(pixels: int) -> str:
    """Make all images squares of one size."""
    return f"data.reader.size={pixels}"


def split(sizes: Mapping[str, int]) -> str:
    """Part the examples so."""
    return " ".join(f"data.split.{part}={size}" for part, size in sizes.items())


def in_defaults(group: str, choice: str) -> str:
    """Choose an option in the list `defaults` of a file."""
    return f"override /{group}: {choice}"


def option(group: str, choice: str) -> str:
    """Choose an option in a command."""
    return f"{group}={choice}"


def prepare(option: str, settings: Iterable[tuple[str, Any]] = ()) -> str:
    """Prepare a data set: an option of conf/data/, and settings that differ from it."""
    return " ".join(["python pipelines/prepare.py", *_data(option, settings)])


def train(option: str, settings: Iterable[tuple[str, Any]] = ()) -> str:
    """Train on a data set that was prepared so."""
    return " ".join(["python pipelines/train.py", *_data(option, settings)])


def _data(option: str, settings: Iterable[tuple[str, Any]]) -> list[str]:
    return [f"data={option}", *(typed(key, value) for key, value in settings)]


# evaluation


def target(data: str, loss: float) -> str:
    """Set a data set's target in the block `evaluate.target` of params.yaml."""
    return f"`{data}: [{loss:.1g}]`"


# seconds


def time(run: Mapping[str, Any], batch_sizes: Iterable[int]) -> str:
    """Have the benchmark time the network of a run (a row of runs.csv), over batch sizes that hold these."""
    network = (
        f"{{sizes: [{run['sizes'].replace('-', ', ')}], activation: {run['activation']}, "
        f"loss: {run['loss']}, bias: {written(bool(run['bias']))}, output: {run['output']}}}"
    )
    sizes = " and ".join(map(str, sorted({int(size) for size in batch_sizes})))
    return (
        f"add in params.yaml, to benchmark.networks {network}, to benchmark.dtype {run['dtype']}, to "
        f"benchmark.engine {run['engine']} and to benchmark.batch_size {sizes}, where not there yet, "
        f"then {repro('evaluate')}"
    )


# runs

FORM = "key=value"
GLOBAL = "# @package _global_"
INTERVAL = "'learning_rate=tag(log, interval(0.001, 3))'"
REGRESSOR = "model=regressor"
RERUN = "rerun=true"
SQUARED_ERROR = "model.loss=squared_error"


def max_combinations(count: int) -> str:
    """Allow a grid of so many combinations."""
    return f"hydra.sweeper.max_combinations={count}"


def prune(words: Iterable[str]) -> str:
    """Delete the runs that these options of `prune` list."""
    return " ".join(["python -m perbatch prune", *map(shlex.quote, words), "--yes"])


# results


def plan_anew(study: str) -> str:
    """The command that prints the plan of a study's conditions as they are."""
    return f"`python pipelines/study.py {study} --plan` prints the plan to put there"


def repro(stage: str) -> str:
    """Run a stage of the pipeline, and what it needs."""
    return f"dvc repro {stage}"


def study(name: str) -> str:
    """Make a study's evidence, whether a stage makes it too or not."""
    return f"python pipelines/study.py {name}"


def make(folder: Path) -> str:
    """Make a folder of results: by a stage, a study, an experiment's sweep, or one as the how-to has it."""
    place, results = folder.resolve(), _CHECKOUT / "results"
    if place.parent == results:
        return repro(place.name)
    if place.name == "evaluate":
        evaluation = f"python pipelines/evaluate.py {shlex.quote(str(folder.parent))}"
        tables = folder.parent / "train"
        return evaluation if (tables / "runs.csv").is_file() else f"{make(tables)} && {evaluation}"
    name = place.parent.name
    experiment = _CHECKOUT / "conf" / "experiment" / f"{name}.yaml"
    if place.parent.parent == results / "experiment" and experiment.is_file():
        is_study = "\nstudy:" in experiment.read_text(encoding="utf-8")
        return study(name) if is_study else f"python pipelines/train.py -m experiment={name}"
    grid = "batch_size=1,32 learning_rate=0.03,0.1 'seed=range(0,3)' epochs=5"
    return f"python pipelines/train.py -m {grid} {typed('sweep.results', str(folder))}"


# MLflow's store

ADDRESSES = (
    "sqlite:////FOLDER/mlflow.db for a file, postgresql://USER@HOST/NAME for a database, "
    "http://HOST:PORT or https://HOST for an MLflow server"
)
AUTHORITY = "set MLFLOW_TRACKING_SERVER_CERT_PATH to the file of your authority"
ELSEWHERE = "set MLFLOW_TRACKING_URI to another store"
LOGIN = "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
SERVER = "tracking=server"
UNSET = "unset MLFLOW_TRACKING_URI"


def address(uri: str) -> str:
    """Log to the store at an address."""
    return f"set MLFLOW_TRACKING_URI to {uri}"


def upgrade(uri: str) -> str:
    """Bring an older store to the schema of the MLflow that is installed."""
    return f"mlflow db upgrade {shlex.quote(uri)}"


def restore(uri: str, experiment: str) -> str:
    """Restore an experiment that was deleted."""
    return f"MLFLOW_TRACKING_URI={shlex.quote(uri)} mlflow experiments restore -x {experiment}"


def end_run(uri: str, run: str) -> str:
    """End a run whose machine is dead."""
    return f"MLFLOW_TRACKING_URI={shlex.quote(uri)} mlflow runs delete --run-id {run}"


def collect(uri: str) -> str:
    """Free what runs that were deleted in a store still take."""
    return f"MLFLOW_TRACKING_URI={shlex.quote(uri)} mlflow gc --backend-store-uri {shlex.quote(uri)}"


# other machines

CLUSTER = "hydra.launcher.address=tcp://HOST:8786"
CLUSTER_VARIABLE = "set DASK_SCHEDULER_ADDRESS"
QUEUE = "squeue --me"
SCHEDULER = "dask scheduler"


def worker(scheduler: str = "ADDRESS") -> str:
    """Start a worker that does one job at a time."""
    return f"dask worker {scheduler} --nthreads 1"


def runs_per_job(count: int) -> str:
    """Put so many runs into a job."""
    return f"hydra.sweeper.runs_per_job={count}"


def install(extra: str) -> str:
    """Install what an extra of pyproject.toml names."""
    return f"pip install -e '.[{extra}]'"
