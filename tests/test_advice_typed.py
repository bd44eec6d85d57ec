"""Each piece of advice is provoked, taken from the message as it is printed, typed, and its error is gone.

A test says by `@pytest.mark.types` which names of `perbatch.advice` it types. Those that take a process
are in test_advice_commands.py, those on a server of MLflow's in tracking/test_server.py.
"""

import ast
import itertools
import re
import shlex
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig
from PIL import Image

from copies import ROOT
from perbatch import advice
from perbatch.errors import UserError
from perbatch.launch import dask, launchers, slurm, slurm_queue
from perbatch.runs import places
from perbatch.sweep import cli
from perbatch.tracking.addresses import checked

NOT_TYPED = {
    "install": "packages are not installed by a test; that its extras name what is missing is tested below",
    "QUEUE": "asks SLURM, which is not here; tests/cluster has one, and asks it by the same command",
}
"""Names without a test that types them, each with the reason."""


def test_every_name_of_the_registry_is_typed_by_a_test() -> None:
    public = {
        name
        for name, value in vars(advice).items()
        if not name.startswith("_")
        and (name.isupper() or getattr(value, "__module__", None) == advice.__name__)
    }
    typed = {
        argument.value
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        for mark in node.decorator_list
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.types"
        for argument in mark.args
        if isinstance(argument, ast.Constant)
    }
    assert typed | set(NOT_TYPED) == public
    assert not typed & set(NOT_TYPED)


Type = Callable[..., str]
"""Types a script and its words, and returns the error, empty where there is none."""


@pytest.fixture
def type_in(workspace: Path, forget: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> Iterator[Type]:
    """The scripts `prepare` and `train` as a shell calls them, in this process, with a root of one's own."""
    import prepare
    import train

    apps = {"pipelines/prepare.py": prepare.app, "pipelines/train.py": train.main}
    data = workspace / "prepared"
    monkeypatch.setattr(places, "PREPARED", data)
    monkeypatch.setattr(prepare, "PREPARED", data)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    monkeypatch.chdir(workspace)  # the scripts change it, and here it is put back

    def type_in(*words: str) -> str:
        GlobalHydra.instance().clear()
        monkeypatch.setattr(sys, "argv", list(words))
        forget()
        try:
            cli.command(apps[words[0]])
        except SystemExit as end:
            return str(end.code or "")
        return ""

    yield type_in
    GlobalHydra.instance().clear()


def taken(said: str, pattern: str) -> list[str]:
    """The words that a message tells to type."""
    found = re.search(pattern, said)
    assert found, said
    return shlex.split(found[1])


def instead(words: list[str], advised: list[str]) -> list[str]:
    """The command with what is advised, in place of the same keys."""
    keys = {word.partition("=")[0] for word in advised}
    return [word for word in words if word.partition("=")[0] not in keys] + advised


PREPARE, TRAIN = "pipelines/prepare.py", "pipelines/train.py"
DRY = [TRAIN, "dry_run=true"]
SIZES = ["data.split.train=6", "data.split.validation=3", "data.split.test=3"]


def own_table(folder: Path, *columns: str, separator: str = ",") -> list[str]:
    """Prepares a table of twelve rows; each column, the target `y` the last, is given as a text of values."""
    names = ["a", "b", "c", "d", "y"][-len(columns) :]
    values = [list(itertools.islice(itertools.cycle(column.split()), 12)) for column in columns]
    lines = [separator.join(names), *(separator.join(row) for row in zip(*values, strict=True))]
    (folder / "own.csv").write_text("\n".join(lines) + "\n")
    return [PREPARE, "data=table", f"data.reader.path={folder}/own.csv", "data.reader.target=y", *SIZES]


CLASSES = "x y"
NUMBERS = "1 2 3 4 5 6"


@pytest.mark.types("DECIMAL_COMMA", "ONE_HOT", "leave_out", "separator", "split", "override")
@pytest.mark.parametrize(
    ("columns", "mark", "more", "pattern"),
    [
        ((NUMBERS, "1,5 2,5 3", CLASSES), ";", ["data.reader.separator=';'"], r"(\S+decimal\S+) reads"),
        (("1,5 2,5 3", CLASSES), ";", ["data.reader.separator=';'"], r"(\S+decimal\S+) reads"),
        ((NUMBERS, "red green", CLASSES), ",", [], r"(\S+one_hot\S+) makes"),
        ((NUMBERS, "red green", CLASSES), ",", [], r"(\S+drop\S+) leaves it out"),
        ((NUMBERS, "7", CLASSES), ",", [], r"(\S+drop\S+) leaves it out"),
        ((NUMBERS, NUMBERS, CLASSES), ";", [], r"with (\S+separator\S+) it has 3"),
        ((NUMBERS, NUMBERS, CLASSES), "\t", [], r"with (.+separator.+) it has 3"),
        ((NUMBERS, NUMBERS, CLASSES), ",", ["data.split.train=900"], r"these sizes work: (.*)$"),
        ((NUMBERS, NUMBERS, CLASSES), ",", ["data.reader.drop=d"], r"a list is needed, as (\S+)$"),
        ((NUMBERS, NUMBERS, CLASSES), ",", ["data.reader.drop=null"], r"a list is needed, as (\S+)$"),
    ],
)
def test_advice_on_a_table(
    type_in: Type, tmp_path: Path, columns: tuple[str, ...], mark: str, more: list[str], pattern: str
) -> None:
    words = instead(own_table(tmp_path, *columns, separator=mark), more)
    said = type_in(*words)
    advised = taken(said, pattern)
    assert type_in(*instead(words, advised)) == ""


@pytest.mark.types("override")
@pytest.mark.parametrize("columns", ["größe", "[größe,b c]"])
def test_names_that_need_quotes(type_in: Type, tmp_path: Path, columns: str) -> None:
    words = own_table(tmp_path, NUMBERS, NUMBERS, NUMBERS, NUMBERS, CLASSES)
    (tmp_path / "own.csv").write_text((tmp_path / "own.csv").read_text().replace("c,d", "größe,b c", 1))
    said = type_in(*words, f"data.reader.drop={columns}")
    advised = taken(said, r"it needs quotes: (.*)$")
    after = type_in(*words, *advised)
    assert after == "" or type_in(*words, *taken(after, r"a list is needed, as (\S+)$")) == ""


@pytest.mark.types("task")
@pytest.mark.parametrize("target", ["1 2 3", "1.5 2.5", "01 02"])
def test_the_task_that_was_inferred_is_turned(
    type_in: Type, tmp_path: Path, target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = own_table(tmp_path, NUMBERS, target)
    assert type_in(*words) == ""
    advised = taken(capsys.readouterr().out, r"\((\S+) makes it a \w+\)")
    assert type_in(*instead(words, advised)) == ""
    assert "makes it a" not in capsys.readouterr().out


@pytest.mark.types("image_size")
def test_images_of_several_sizes(type_in: Type, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for label, number in itertools.product("ab", range(6)):
        (tmp_path / "own" / label).mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 255, (8, 8 + (number == 5)), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "own" / label / f"{number}.png")
    words = [PREPARE, "data=images", f"data.reader.path={tmp_path}/own", *SIZES]
    said = type_in(*words)
    assert type_in(*instead(words, taken(said, r"(data\.reader\.size=\d+) makes all of one size"))) == ""


@pytest.mark.types("prepare", "train")
@pytest.mark.parametrize("own", [False, True])
def test_data_that_are_missing(
    type_in: Type, tmp_path: Path, own: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "ö a"
    folder.mkdir()
    table = own_table(folder, NUMBERS, CLASSES)[1:]
    table[1] = f"data.reader.path='{folder}/own.csv'"
    words = [*DRY, *(table if own else ["data=digits"])]
    python, *command = taken(type_in(*words), r"prepare them with: (.*)$")
    assert python == "python"
    assert type_in(*command) == ""
    assert type_in(*words) == ""
    python, *command = taken(capsys.readouterr().out, r"(?m)^train on it: (.*)$")
    assert python == "python"
    assert type_in(*command, "dry_run=true") == ""


@pytest.mark.types("max_combinations", "FORM", "REGRESSOR", "SQUARED_ERROR")
@pytest.mark.parametrize(
    ("words", "pattern"),
    [
        (["-m", "seed=range(0,20)", "hydra.sweeper.max_combinations=10"], r"allow it with (\S+)$"),
        (["seed"], r"cannot be read as (\S+) \("),
        (["data=diabetes"], r"\((model=\S+)\)"),
        (["model.output=sigmoid"], r"goes with (\S+), not"),
    ],
)
def test_advice_on_a_run(
    type_in: Type, prepared: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], pattern: str
) -> None:
    monkeypatch.setattr(places, "PREPARED", prepared)
    advised = taken(type_in(TRAIN, *words, "dry_run=true"), pattern)
    if advised == [advice.FORM]:
        words, advised = [], [advice.FORM.replace("key", "seed").replace("value", "1")]
    assert type_in(TRAIN, *instead(words, advised), "dry_run=true") == ""


@pytest.mark.types("SWEEP", "as_list")
def test_several_values_where_one_is_needed(
    type_in: Type, prepared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "PREPARED", prepared)
    (sweep,) = taken(type_in(*DRY, "seed=1,2"), r"several values: (\S+) sweeps over them")
    assert type_in(*DRY, "seed=1,2", sweep) == ""
    assert (
        type_in(*DRY, *taken(type_in(*DRY, "model.hidden=4,5"), r"sweeps over them, (\S+) is a list")) == ""
    )
    (text,) = taken(type_in(PREPARE, "data.name=a,b"), r"is a list, (\S+) one text$")
    assert type_in(PREPARE, text).startswith("error: data.name is 'a,b'; allowed are")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["=3"], "error: =3: there is no key before the equals sign"),
        (["data=3"], "error: data=3: there is no such option of data; the options are arrays, "),
        (["repeat=3,never", "-m"], "error: repeat=3,never: there is no such option of repeat; the options "),
        (["hydra/job_logging=3"], "error: hydra/job_logging=3: there is no such option of hydra/job_logging"),
        (["+hydra.callbacks.own._target_=no.Such"], "error: Error locating target 'no.Such'"),
    ],
)
def test_what_hydra_trips_over_is_one_sentence(type_in: Type, words: list[str], expected: str) -> None:
    said = type_in(*DRY, *words)
    assert said.startswith(expected)
    assert "\n" not in said and "HYDRA_FULL_ERROR" not in said


@pytest.mark.parametrize("flag", ["-m", "--multirun"])
def test_a_sweep_may_be_asked_for_between_the_overrides(
    type_in: Type, prepared: Path, monkeypatch: pytest.MonkeyPatch, flag: str
) -> None:
    monkeypatch.setattr(places, "PREPARED", prepared)
    assert type_in(TRAIN, "seed=1,2", flag, "dry_run=true") == ""


@pytest.mark.types("GLOBAL", "in_defaults", "option")
def test_advice_on_a_file_of_settings(
    type_in: Type, tmp_path: Path, prepared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "PREPARED", prepared)
    file = tmp_path / "conf" / "experiment" / "own.yaml"
    file.parent.mkdir(parents=True)
    words = [TRAIN, "--config-dir", str(tmp_path / "conf"), "dry_run=true", "experiment=own"]
    file.write_text("epochs: 2\n")
    first = re.search(r"its first line must be `(.*)`", type_in(*words))
    assert first
    file.write_text(f"{first[1]}\nepochs: 2\n")
    assert type_in(*words) == ""
    file.write_text(f"{first[1]}\ndefaults:\n  - /repeat: fixed\n")
    entry = re.search(r"in a file write `(.*?)`", type_in(*words))
    assert entry
    file.write_text(f"{first[1]}\ndefaults:\n  - {entry[1]}\n")
    assert type_in(*words) == ""
    said = type_in(*DRY, "+repeat=fixed")
    assert type_in(*DRY, *taken(said, r"in a command `(.*?)`")) == ""


@pytest.mark.slow
@pytest.mark.types("RERUN")
def test_a_run_that_is_there(
    type_in: Type,
    tmp_path: Path,
    prepared: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(places, "PREPARED", prepared)
    words = [TRAIN, "epochs=1", "engine=numpy", f"hydra.run.dir={tmp_path}/mine"]
    assert type_in(*words) == ""
    capsys.readouterr()
    assert type_in(*words) == ""
    advised = taken(capsys.readouterr().out, r"\((\S+) trains it again\)")
    assert type_in(*words, *advised) == ""
    assert "trains it again" not in capsys.readouterr().out
    said = type_in(*words, "seed=1")
    assert type_in(*words, "seed=1", *taken(said, r"replace that one with (\S+)$")) == ""


@pytest.mark.types("ADDRESSES", "UNSET")
def test_an_address_where_no_store_can_be(
    type_in: Type, tmp_path: Path, prepared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "PREPARED", prepared)
    words = [TRAIN, "epochs=1", "engine=numpy"]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "gopher://x")
    said = type_in(*words)
    forms = re.findall(r"[a-z]+:///?/?[A-Z/][\w.:@/]*", said.partition("allowed: ")[2])
    assert len(forms) == 4
    for form in forms:
        filled = form.replace("/FOLDER", str(tmp_path)).replace("PORT", "5000").replace("HOST", "host")
        assert checked(filled) == filled
    monkeypatch.setenv("MLFLOW_TRACKING_URI", forms[0].replace("/FOLDER", str(tmp_path)))
    assert type_in(*words) == ""
    monkeypatch.delenv(taken(said, r"; unset (\S+) for")[0])
    assert type_in(*words) == ""


@pytest.mark.types("ELSEWHERE")
def test_a_store_that_is_broken(
    type_in: Type, tmp_path: Path, prepared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "PREPARED", prepared)
    (tmp_path / "mlflow.db").write_text("no database" * 1000)
    words = [TRAIN, "epochs=1", "engine=numpy"]
    (name,) = taken(type_in(*words), r"or set (\S+) to another store$")
    monkeypatch.setenv(name, f"sqlite:///{tmp_path}/another.db")
    assert type_in(*words) == ""


def test_hydras_own_advice_is_given_only_where_it_works(
    type_in: Type, prepared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To append a key that nothing reads would only lead to the next refusal, or to none."""
    monkeypatch.setattr(places, "PREPARED", prepared)
    for word in ("hydra.nosuch=1", "hydra.launcher.nosuch=1", "data.reader.nosuch=1"):
        said = type_in(*DRY, word)
        assert "nosuch" in said and "+" not in said
    said = type_in(*DRY, "hydra.job.env_set.ODD=1")
    assert type_in(*DRY, *taken(said, r"append to your config use (\S+?);")) == ""


@pytest.mark.types("SERVER")
def test_a_store_for_jobs_on_other_machines(
    composed: Callable[..., DictConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slurm, "check", lambda launcher: None)
    words = ["hydra/launcher=slurm", "tracking.uri=sqlite:///mlflow.db"]
    with pytest.raises(UserError, match="a relative address means another place") as caught:
        launchers.check(composed(*words))
    advised = taken(str(caught.value), r"or (\S+)$")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    launchers.check(composed(words[0], *advised))


@pytest.mark.types("runs_per_job")
def test_more_jobs_than_slurm_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slurm_queue, "ask", lambda *command: "MaxArraySize = 101")
    for jobs, each in ((101, 1), (1000, 1), (399, 7)):
        with pytest.raises(UserError, match="more than this SLURM takes at once") as caught:
            slurm._refuse_large_array(jobs, each)
        ((key, _, number),) = (word.partition("=") for word in taken(str(caught.value), r", (\S+) or more$"))
        assert key == "hydra.sweeper.runs_per_job"
        slurm._refuse_large_array(-(-jobs * each // int(number)), int(number))


@pytest.mark.parametrize(
    ("module", "check", "package"),
    [("distributed", dask.check, "distributed"), ("submitit", slurm.check, "submitit")],
)
def test_what_is_to_be_installed_is_what_is_missing(
    module: str,
    check: Callable[[DictConfig], None],
    package: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    settings = DictConfig({"address": None, "no_worker_timeout_min": 1})
    with pytest.raises(UserError, match="is not installed") as caught:
        check(settings)
    extra = taken(str(caught.value), r"installed: pip install -e '\.\[(\w+)\]'$")[0]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert any(each.startswith(package) for each in project["optional-dependencies"][extra])
