"""What decides a result's bytes: the one table of it, for each stage of dvc.yaml and for a run.

The rule, in five sentences. A stage is stale when its digest in results/fingerprint.yaml changes, and a run
is trained again when the digest of `RUN` does. The digest of a stage is over its script, the code that
`STAGES` lists for it, the modules of the functions that its config names as `_target_`, and its settings as
composed. Comments and docstrings of Python code count nowhere, and a YAML file counts as what it composes
to. What a stage imports although it cannot change a byte of its outs is listed too, with the reason: in
`HARMLESS`, or beside the stage where another stage does depend on it. A test runs every stage, notes each
file that it imports or reads, and fails for one that is in neither list.

Names are relative to src/. A folder stands for all its files.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from perbatch.fingerprint import files_in, fingerprint, imported_by

SOURCE = Path(__file__).resolve().parents[1]
SCRIPTS = SOURCE.parent / "pipelines"

RUN = (
    "perbatch/backprop",
    "perbatch/data/__init__.py",
    "perbatch/data/prepared.py",
    "perbatch/data/settings.py",
    "perbatch/runs/run.py",
    "perbatch/runs/encoded.py",
    "perbatch/runs/folder.py",
    "perbatch/runs/identity.py",
    "perbatch/runs/metric.py",
    "perbatch/sweep/task.py",
    "perbatch/runs/training.py",
)
"""What computes a run, from its settings and prepared data to the files of its folder."""

PREPARATION = (
    "perbatch/data/__init__.py",
    "perbatch/data/draws.py",
    "perbatch/data/preparation.py",
    "perbatch/data/prepared.py",
    "perbatch/data/scaling.py",
    "perbatch/data/settings.py",
    "perbatch/data/source.py",
    "perbatch/data/split.py",
)
"""What makes arrays of a source. The reader of a data set counts as the function that its config names."""

SWEEP = (
    *RUN,
    "hydra_plugins/perbatch_sweeper.py",
    "perbatch/overrides.py",
    "perbatch/sweep/compose.py",
    "perbatch/sweep/grid.py",
    "perbatch/runs/planned.py",
    "perbatch/sweep/params.py",
    "perbatch/sweep/plan.py",
    "perbatch/sweep/resolvers.py",
    "perbatch/runs/schema.py",
    "perbatch/sweep/sweeper.py",
    "perbatch/sweep/tables.py",
)
"""What decides which runs a sweep has, and its tables."""


@dataclass(frozen=True)
class Stage:
    """What decides the bytes of a stage's outs beside its script, and what it uses that cannot change one."""

    decides: tuple[str, ...]
    uses: Mapping[str, str] = field(default_factory=dict)


STAGES = {
    "prepare": Stage(
        (
            *PREPARATION,
            "perbatch/overrides.py",
            "perbatch/sweep/params.py",
            "perbatch/sweep/resolvers.py",
            "perbatch/runs/schema.py",
        ),
        {
            "hydra_plugins/perbatch_sweeper.py": "Hydra imports every plugin; the stage runs no sweep",
            "perbatch/advice.py": "says what to type",
            "perbatch/columns.py": "columns of tables that other stages write",
            "perbatch/runs/identity.py": "makes plain values of the config; they are in the digest",
        },
    ),
    "train": Stage(
        (
            *SWEEP,
            "perbatch/analysis/costs.py",
            "perbatch/analysis/settings.py",
            "perbatch/analysis/sweep.py",
            "perbatch/analysis/tuning.py",
            "perbatch/search/objective.py",
            "perbatch/search/sampling.py",
            "perbatch/search/search.py",
            "perbatch/search/space.py",
            "perbatch/search/trials.py",
        ),
        {
            "perbatch/analysis": "what the rule of choice imports; a search uses that alone",
            "perbatch/advice.py": "says what to type",
            "perbatch/columns.py": "what MLflow is told; the tables have what the runs' folders hold",
            "perbatch/data/source.py": "what a reader returns; training loads prepared arrays",
            "perbatch/search": "what MLflow shows of a search; says that Optuna is missing",
        },
    ),
    "benchmark": Stage(
        ("perbatch/backprop", "perbatch/timing", "perbatch/sweep/params.py"),
        {
            "perbatch/advice.py": "says what to type",
            "perbatch/columns.py": "says what columns mean; `timing` writes its own names",
            "perbatch/overrides.py": "writes overrides, for other stages",
            "perbatch/runs/schema.py": "says which keys a run has, for the errors of other stages",
        },
    ),
    "study": Stage(
        (
            *SWEEP,
            *PREPARATION,
            "../pipelines/train.py",
            "perbatch/analysis/costs.py",
            "perbatch/analysis/tuning.py",
            "perbatch/claims/claim.py",
            "perbatch/claims/evidence.py",
            "perbatch/claims/extras.py",
            "perbatch/claims/own_target.py",
            "perbatch/claims/selection.py",
            "perbatch/columns.py",
            "perbatch/sweep/gradients.py",
            "perbatch/sweep/studies.py",
            "perbatch/runs/scoring.py",
        ),
        {
            "perbatch/advice.py": "says what to type",
            "perbatch/analysis": "statistics for the verdict",
            "perbatch/claims": "judges the claim, to say the verdict once the evidence is written",
            "perbatch/report": "says the verdict",
            "perbatch/search": "a study has a grid",
        },
    ),
    "evaluate": Stage(
        (
            "perbatch/advice.py",
            "perbatch/backprop",
            "perbatch/analysis",
            "perbatch/claims",
            "perbatch/columns.py",
            "perbatch/overrides.py",
            "perbatch/report",
            "perbatch/data/__init__.py",
            "perbatch/data/prepared.py",
            "perbatch/data/settings.py",
            "perbatch/runs/run.py",
            "perbatch/sweep/params.py",
            "perbatch/runs/schema.py",
            "perbatch/sweep/studies.py",
            "perbatch/runs/scoring.py",
        ),
        {
            "perbatch/data": "prepares a study's data, in the stage study; they are read here",
            "perbatch/sweep/grid.py": "expands a study's grid, in the stage study",
            "perbatch/runs/identity.py": "names runs, which were named when they were trained",
            "perbatch/sweep/resolvers.py": "for the configs of the stage study; a claim refers to nothing",
        },
    ),
}

HARMLESS = {
    "../pipelines/checkout.py": "finds the library, starts fast and minds Ctrl-C",
    "perbatch/__init__.py": "the version, and the way to `api`",
    "perbatch/api.py": "for Python and notebooks: reads what stages wrote, and calls `sweep/single.py`",
    "perbatch/__main__.py": "for a user's shell: lists runs, and deletes those that no table names",
    "perbatch/sweep/kept.py": "lists runs",
    "perbatch/sweep/prune.py": "deletes runs that no table names",
    "perbatch/sweep/single.py": "trains one run from Python as the stage train does",
    "perbatch/checks.py": "refuses a setting, or lets it be as it is",
    "perbatch/data/command.py": "says what to type",
    "perbatch/data/problems.py": "says what is wrong with data",
    "perbatch/data/progress.py": "says how far reading and writing are",
    "perbatch/errors.py": "what errors are called",
    "perbatch/files.py": "puts on disk what others made; its digests are plain SHA-256",
    "perbatch/fingerprint.py": "makes the digests; if it makes others, every stage has another",
    "perbatch/stages.py": "names what is digested; if it names more, the digest is another",
    "perbatch/runs/__init__.py": "a docstring",
    "perbatch/sweep/__init__.py": "a docstring",
    "perbatch/runs/check.py": "refuses a run, or lets it be as it is",
    "perbatch/sweep/cli.py": "says errors, and ends the process",
    "perbatch/runs/keys.py": "refuses a key, or lets the config be as it is",
    "perbatch/sweep/sentences.py": "says errors",
    "perbatch/runs/places.py": "says where things lie, not what they hold",
    # how a run is started and minded; the driver refuses a job that made another run
    "perbatch/launch": "launchers, and what runs in their jobs around a run",
    "hydra_plugins/perbatch_launchers.py": "registers launchers, which hand runs to workers",
    "perbatch/sweep/disk.py": "says what disk a sweep needs",
    "perbatch/sweep/help.txt": "what --help says",
    "perbatch/sweep/locks.py": "who works on a run",
    "perbatch/sweep/preflight.py": "refuses a run, or lets it be as it is",
    "perbatch/sweep/progress.py": "says how far a sweep is",
    # what MLflow is told; the outs are made from the runs' folders
    "perbatch/sweep/lost.py": "which runs MLflow has lost",
    "perbatch/sweep/parents.py": "MLflow's run of a sweep",
    "perbatch/runs/provenance.py": "MLflow's tags of a commit",
    "perbatch/sweep/calls.py": "what runs and sweeps are called in MLflow",
    "perbatch/sweep/record.py": "logs a run to MLflow",
    "perbatch/sweep/refill.py": "logs tables to MLflow, for pipelines/publish.py",
    "perbatch/sweep/serving.py": "makes a network to be served, for pipelines/register.py",
    "perbatch/tracking": "MLflow",
    "perbatch/sweep/digests.py": "makes the digests; if it makes others, every stage has another",
    "perbatch/sweep/meaning.py": "composes what is digested; if it composes more, the digest is another",
}
"""What stages use although it cannot change a byte of an out, each with the reason."""


def of_run() -> str:
    """Return the digest (hex) of the code that computes a run."""
    return fingerprint(files_in(SOURCE, RUN))


def of_function(name: str) -> str:
    """Return the digest (hex) of the module of a function in src/, by its dotted name, and of its imports."""
    return fingerprint(_imported(name, SOURCE, HARMLESS))


def of_stage(name: str, targets: Iterable[str] = ()) -> str:
    """Return the digest (hex) of a stage's code; `targets` as for `files_of`."""
    return fingerprint(files_of(name, targets))


def files_of(name: str, targets: Iterable[str] = ()) -> dict[str, Path]:
    """Return the files of a stage's code: its script, what `STAGES` lists, and the modules of the `targets`.

    A target is the dotted name of a function that the stage's config calls. With it counts what it imports,
    but for what is known to change nothing. One that does not lie in this checkout counts as its name in the
    config alone.
    """
    files = files_in(SOURCE, [f"../pipelines/{name}.py", *STAGES[name].decides])
    for target in targets:
        for root in (SOURCE, SCRIPTS):
            files |= _imported(target, root, [*HARMLESS, *STAGES[name].uses])
    return files


def _imported(name: str, root: Path, harmless: Iterable[str]) -> dict[str, Path]:
    """The files that a function's module below `root` is made of, but for those that change nothing."""
    left_out = files_in(SOURCE, harmless)
    return {file: path for file, path in imported_by(name, root).items() if file not in left_out}
