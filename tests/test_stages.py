"""The table of what decides a stage's bytes: complete, and right about edits of known meaning."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest
from omegaconf import OmegaConf

from copies import ROOT, copy_repository, environment
from perbatch import stages
from perbatch.fingerprint import files_in
from test_pipeline import OWN_STUDY, STUDY

NAMES = {
    *stages.HARMLESS,
    *stages.RUN,
    *(name for stage in stages.STAGES.values() for name in (*stage.decides, *stage.uses)),
}


def covered(name: str, by: Mapping[str, object] | tuple[str, ...]) -> bool:
    return any(name == each or name.startswith(f"{each}/") for each in by)


def test_every_name_of_the_table_is_there() -> None:
    assert [name for name in sorted(NAMES) if not (stages.SOURCE / name).exists()] == []


def test_what_decides_a_stage_is_not_called_harmless() -> None:
    deciding = {name for stage in stages.STAGES.values() for name in stage.decides}
    assert [name for name in sorted(deciding) if covered(name, stages.HARMLESS)] == []
    assert all(stages.HARMLESS.values())


def test_every_module_belongs_to_a_stage_or_is_called_harmless() -> None:
    """Readers of data are in perbatch/data/readers: they count where a config names them."""
    modules = [
        name for name in files_in(stages.SOURCE, ["perbatch", "hydra_plugins"]) if name.endswith(".py")
    ]
    assert [name for name in modules if not covered(name, tuple(NAMES))] == []


RECORDER = """
import os, sys
root = os.environ["RECORD_ROOT"] + os.sep
log = os.open(os.environ["RECORD_LOG"], os.O_APPEND | os.O_CREAT | os.O_WRONLY)
def note(event, arguments):
    if event == "open" and isinstance(arguments[0], str):
        path = os.path.abspath(arguments[0])
        if path.startswith(root):
            os.write(log, (path[len(root):] + "\\n").encode())
sys.addaudithook(note)
"""
COMPILED = re.compile(r"__pycache__/([^/]+?)\.[^/]*\.pyc[^/]*$")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("stages") / "perbatch"
    copy_repository(root, {"conf/experiment/own.yaml": OWN_STUDY}, STUDY)
    return root


@pytest.fixture(scope="module")
def recorded(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., set[str]]:
    """Run a script, its children included, and return the files of the checkout that were opened."""
    place = tmp_path_factory.mktemp("recorder")
    (place / "sitecustomize.py").write_text(RECORDER)

    def run(script: str, *arguments: str) -> set[str]:
        log = place / f"{script}.log"
        names = {"PYTHONPATH": str(place), "RECORD_ROOT": str(small), "RECORD_LOG": str(log)}
        command = [sys.executable, f"pipelines/{script}.py", *arguments]
        done = subprocess.run(
            command, cwd=small, env=environment() | names, capture_output=True, text=True, timeout=400
        )
        assert done.returncode == 0, done.stderr
        paths = {COMPILED.sub(r"\1.py", line) for line in log.read_text().splitlines()}
        return {path for path in paths if path.startswith(("src/", "pipelines/", "conf/"))}

    return run


@pytest.mark.slow
def test_each_stage_uses_only_what_the_table_knows(small: Path, recorded: Callable[..., set[str]]) -> None:
    """With the basic launcher a sweep is one process; a study's is one of its own, which counts too."""
    params = OmegaConf.load(small / "params.yaml")
    params.benchmark.update({"batch_size": [1, 8], "repeats": 1, "engine": ["numpy", "compiled"]})
    OmegaConf.save(params, small / "params.yaml")
    composed = {path for path in recorded("fingerprint") if path.startswith("conf/")}
    reader = ["perbatch.data.readers.digits.read"]
    for stage, *arguments in (
        ("prepare",),
        ("train", "sweep=pipeline", "hydra/launcher=basic"),
        ("benchmark",),
        ("study", "own"),
        ("evaluate",),
    ):
        used = recorded(stage, *arguments)
        known = stages.files_of(stage, reader if stage in ("prepare", "study") else [])
        decides = {os.path.relpath(path, stages.SOURCE.parent) for path in known.values()}
        assert f"pipelines/{stage}.py" in used and f"pipelines/{stage}.py" in decides
        # what says how to prepare data, or to train on them, looks through all options; a study's are missing
        options = {path for path in used if path.startswith("conf/data/")}
        said = options if stage in ("prepare", "study") else set()
        strange = {
            path
            for path in used - decides - composed - said
            if path.startswith("conf/")
            or not covered(
                os.path.relpath(ROOT / path, stages.SOURCE),
                {**stages.HARMLESS, **stages.STAGES[stage].uses},
            )
        }
        assert not strange, f"the table in perbatch/stages.py does not know what {stage} uses: {strange}"


STUDIES = {"study.own"}
ALL = {"benchmark", "evaluate", "prepare", "train", *STUDIES}

EDITS: dict[str, tuple[str, str, str, set[str]]] = {
    "the scoring on test data": (
        "src/perbatch/runs/scoring.py",
        "float(np.mean(",
        "0.5 * float(np.mean(",
        {"evaluate", *STUDIES},
    ),
    "the script of evaluate": (
        "pipelines/evaluate.py",
        "results, out = results_of(folder),",
        "results, out = results_of(folder) or 0,",
        {"evaluate"},
    ),
    "the script of prepare": (
        "pipelines/prepare.py",
        "plain(config.data),",
        "plain(config.data) or {},",
        {"prepare"},
    ),
    "the script of train": (
        "pipelines/train.py",
        "import hydra\n",
        "import hydra\n\nX = 1\n",
        {"train", *STUDIES},
    ),
    "a comment in a config": ("conf/repeat/never.yaml", "# ", "# Or so: ", set()),
    "an option's value": ("conf/repeat/never.yaml", "tolerance: null", "tolerance: 0.1", {"train", *STUDIES}),
    "an option that no run takes": (
        "conf/repeat/fixed.yaml",
        "updates_per_batch: 10",
        "updates_per_batch: 9",
        set(),
    ),
    "a default that the grid sets": ("conf/config.yaml", "epochs: 100", "epochs: 90", set()),
    "a default that no grid sets": ("conf/config.yaml", "factor: 1.1", "factor: 1.2", {"train", *STUDIES}),
    "where runs are logged": ("conf/tracking/store.yaml", "live: true", "live: false", set()),
    "a launcher": ("src/perbatch/launch/slurm.py", "import shutil\n", "import shutil\n\nX = 1\n", set()),
    "a new option of a group": (
        "conf/repeat/twice.yaml",
        "",
        "updates_per_batch: 2\ntolerance: null\n",
        set(),
    ),
    "a new data set": (
        "conf/data/other.yaml",
        "",
        "name: other\nreader: {_target_: perbatch.data.readers.other.read}\n",
        set(),
    ),
    "its reader": ("src/perbatch/data/readers/other.py", "", "def read(): ...\n", set()),
    "the reader in use": (
        "src/perbatch/data/readers/digits.py",
        "        load_digits,",
        "        load_digits or None,",
        {"prepare", *STUDIES},
    ),
    "a reader not in use": ("src/perbatch/data/readers/mnist.py", "def read(", "X = 1\n\n\ndef read(", set()),
    "the update itself": (
        "src/perbatch/backprop/numpy_engine.py",
        "import numpy as np\n",
        "import numpy as np\n\nX = 1\n",
        ALL - {"prepare"},
    ),
    "the rate in the training code": (
        "src/perbatch/runs/training.py",
        'learning_rate=config["learning_rate"]',
        'learning_rate=0.5 * config["learning_rate"]',
        {"train", *STUDIES},
    ),
    "a docstring of the training code": (
        "src/perbatch/runs/training.py",
        '"""One run\'s',
        '"""A run\'s',
        set(),
    ),
    "the page": ("src/perbatch/report/templates/report.css", "{", "{ ", {"evaluate"}),
    "a bound of a claim": ("conf/experiment/own.yaml", "low: 1\n", "low: 2\n", {"evaluate"}),
    "a target of a claim": (
        "conf/experiment/own.yaml",
        "targets: [2.0]",
        "targets: [1.0]",
        {"evaluate", *STUDIES},
    ),
    "the grid of a study": ("conf/experiment/own.yaml", 'seed: "0,1,2"', 'seed: "0,1,3"', set(STUDIES)),
    "the pipeline's grid": ("params.yaml", "- 0.3\n", "- 0.4\n", {"train"}),
}


@pytest.fixture(scope="module")
def untouched(small: Path) -> SimpleNamespace:
    return SimpleNamespace(root=small, digests=fingerprints(small))


@pytest.mark.slow
@pytest.mark.parametrize("what", EDITS)
def test_an_edit_makes_exactly_the_right_stages_stale(untouched: SimpleNamespace, what: str) -> None:
    name, old, new, stale = EDITS[what]
    path = untouched.root / name
    before = path.read_text() if path.exists() else None
    assert before is None or old in before
    try:
        path.write_text(new if before is None else before.replace(old, new, 1))
        now = fingerprints(untouched.root)
    finally:
        path.unlink() if before is None else path.write_text(before)
    assert {stage for stage, digest in now.items() if digest != untouched.digests[stage]} == stale


def fingerprints(root: Path) -> dict[str, str]:
    """What the stage `fingerprint` says, with dotted names for the studies."""
    subprocess.run([sys.executable, "pipelines/fingerprint.py"], cwd=root, env=environment(), check=True)
    found = OmegaConf.to_container(OmegaConf.load(root / "results" / "fingerprint.yaml"))
    assert isinstance(found, dict)
    return {**{f"study.{key}": value for key, value in found.pop("study").items()}, **found}


@pytest.mark.slow
def test_a_config_that_does_not_compose_is_said_by_its_own_stage(untouched: SimpleNamespace) -> None:
    """One broken study must not stop the others, nor the pipeline."""
    path = untouched.root / "conf/experiment/own.yaml"
    before = path.read_text()
    try:
        path.write_text(before.replace("epochs: 3", "epoch: 3"))
        assert fingerprints(untouched.root)["train"] == untouched.digests["train"]
        done = subprocess.run(
            [sys.executable, "pipelines/study.py", "own"],
            cwd=untouched.root,
            env=environment(),
            capture_output=True,
            text=True,
        )
    finally:
        path.write_text(before)
    assert done.returncode == 1
    assert "epoch" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.slow
def test_the_digests_are_the_same_wherever_the_checkout_lies(
    untouched: SimpleNamespace, tmp_path: Path
) -> None:
    """They hold no path, no environment and no date, and none of what other stages make."""
    other = tmp_path / "another place"
    shutil.copytree(untouched.root, other, ignore=shutil.ignore_patterns("prepared", ".git", "results"))
    (other / "results").mkdir()
    assert fingerprints(other) == untouched.digests
