"""One sentence for what is wrong in a file of conf/, in an override, or with the machine."""

import errno
import os
import re
import shlex
import shutil
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig

from perbatch.errors import UserError
from perbatch.runs import places
from perbatch.sweep import resolvers, sentences
from perbatch.sweep.compose import CachingLoader
from perbatch.sweep.params import block
from perbatch.sweep.plan import Plan, extend
from perbatch.timing import check_settings

FILES = [
    (
        b"tolerance: 1\ntolerance: 2\n",
        r"repeat/own\.yaml, line 2: cannot be read as YAML: found duplicate key",
    ),
    (
        b"tolerance: 1\n\tupdates_per_batch: 2\n",
        r"own\.yaml, line 2: cannot be read as YAML: found character '\\t'",
    ),
    (b"tolerance: [\n", r"own\.yaml, line 2: cannot be read as YAML: expected the node content"),
    (b"tolerance: &a *b\n", r"own\.yaml, line 1: cannot be read as YAML: "),
    (b"tolerance: \x01\n", r"own\.yaml.*: cannot be read as YAML: .*special characters are not allowed"),
    ("tolerance: 1 # größe\n".encode("latin-1"), r"repeat/own\.yaml is not UTF-8 text"),
    (b"- 1\n", "repeat/own"),
    (b"nosuch: 1\n", "Key 'nosuch' not in 'Repeat' ; the keys are tolerance, updates_per_batch"),
]


@pytest.fixture
def conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    resolvers.register()
    shutil.copytree(places.CONF, tmp_path / "conf")
    monkeypatch.setattr(sentences, "CONF", tmp_path / "conf")
    return tmp_path / "conf"


def said(conf: Path, *overrides: str) -> str:
    """What is said of composing, which must fail with an error that users mend."""
    with (
        initialize_config_dir(str(conf), version_base="1.3"),
        pytest.raises(sentences.MENDED_BY_USERS) as found,
    ):
        compose("config", list(overrides))
    sentence = sentences.sentence(found.value)
    assert "\n" not in sentence
    assert "hydra.cc" not in sentence
    return sentence


@pytest.mark.parametrize(("content", "expected"), FILES)
def test_a_file_that_cannot_be_read_is_named_with_the_line_and_the_cause(
    conf: Path, content: bytes, expected: str
) -> None:
    (conf / "repeat" / "own.yaml").write_bytes(content)
    assert re.search(expected, said(conf, "repeat=own"))


@pytest.mark.parametrize("content", ["defaults: 3\n", "defaults:\n  - [a]\n"])
def test_a_file_that_hydra_trips_over_is_one_sentence(conf: Path, content: str) -> None:
    (conf / "experiment" / "own.yaml").write_text(f"# @package _global_\n{content}")
    with initialize_config_dir(str(conf), version_base="1.3"), pytest.raises(ValueError) as found:
        compose("config", ["experiment=own"])
    assert re.match(
        r"the settings cannot be composed \(ValueError: .* defaults", str(sentences.of_hydra(found.value))
    )


def test_an_error_of_our_own_code_is_not_taken_for_one_of_the_settings() -> None:
    with pytest.raises(ValueError) as found:
        int("x")
    assert sentences.of_hydra(found.value) is None


@pytest.mark.parametrize("group", ["experiment", "own"])
def test_a_file_must_say_where_its_keys_go(conf: Path, group: str) -> None:
    (conf / group).mkdir(exist_ok=True)
    (conf / group / "one.yaml").write_text("epochs: 2\n")
    found = said(conf, f"{'+' * (group == 'own')}{group}=one")
    assert found.startswith(f"conf/{group}/one.yaml does not say where its keys go: its first line must be")
    (conf / group / "one.yaml").write_text("# @package _global_\nepochs: 2\n")
    with initialize_config_dir(str(conf), version_base="1.3"):
        assert compose("config", [f"{'+' * (group == 'own')}{group}=one"]).epochs == 2


@pytest.mark.parametrize("value", ["größe", "a'größe", "½", 'größe "m²"', "größe'"])
def test_a_value_that_needs_quotes_is_shown_with_them(conf: Path, value: str) -> None:
    found = said(conf, f"data.name={value}")
    assert "since it needs quotes: " in found
    advised = shlex.split(found.rpartition("quotes: ")[2])
    with initialize_config_dir(str(conf), version_base="1.3"):
        assert compose("config", advised).data.name == value


@pytest.mark.parametrize("override", ["seed", "seed=range(0,", "model.hidden=[4"])
def test_an_override_that_is_none_is_shown(conf: Path, override: str) -> None:
    assert said(conf, override).startswith(f"{override}: cannot be read as key=value (")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/a"),
            r"the disk takes no more of /a \(No space left",
        ),
        (
            OSError(errno.EROFS, os.strerror(errno.EROFS), "/a"),
            r"/a cannot be written or read by this user \(Read-",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "/a"),
            r"^/a cannot be written or read by this user",
        ),
        (
            FileNotFoundError(errno.ENOENT, "No such file or directory", "/a"),
            "^/a: No such file or directory$",
        ),
        (MemoryError("Unable to allocate 9 GiB"), r"^not enough memory \(Unable to allocate 9 GiB\)"),
    ],
)
def test_what_the_machine_refuses_is_said_as_that(error: BaseException, expected: str) -> None:
    assert re.search(expected, sentences.sentence(error))
    assert ("make room" in sentences.sentence(error)) is (getattr(error, "errno", 0) == errno.ENOSPC)


def test_our_own_sentence_at_the_root_is_the_one_that_is_said() -> None:
    try:
        try:
            raise UserError("the cause")
        except UserError as cause:
            raise OSError(errno.ENOSPC, "no") from cause
    except OSError as error:
        assert sentences.sentence(error) == "the cause"


@pytest.mark.parametrize("key", ["seed", "evaluation"])
def test_a_key_that_was_deleted_is_refused(key: str, workspace: Path) -> None:
    with initialize_config_dir(str(places.CONF), version_base="1.3"):
        master: DictConfig = compose("config", [], return_hydra_config=True)
        loader = CachingLoader(GlobalHydra.instance().config_loader())
        with pytest.raises(UserError, match=f"~{key}: every key of a run has a value"):
            extend(Plan(), [[f"~{key}"]], loader, master)


def test_a_key_that_is_null_cannot_be_deleted(conf: Path) -> None:
    assert said(conf, "~stop_at").startswith("~stop_at: there is no such key to delete, or it is null")


@pytest.mark.parametrize(("value", "refused"), [("1", True), ("2", True), ("0", False), ("", False)])
def test_an_engine_that_cannot_be_used_here_is_refused_before_anything_starts(
    value: str, refused: bool, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", value)
    with initialize_config_dir(str(places.CONF), version_base="1.3"):
        master = compose("config", [], return_hydra_config=True)
        loader = CachingLoader(GlobalHydra.instance().config_loader())
        assert len(extend(Plan(), [["engine=numpy"]], loader, master).missing) == 1
        with refusal(refused, f"^engine=compiled: NUMBA_DISABLE_JIT={value} turns"):
            extend(Plan(), [["engine=numpy"], ["engine=compiled"]], loader, master)
    with refusal(refused, r"benchmark\.engine=compiled: NUMBA_DISABLE_JIT"):
        check_settings(block("benchmark") | {"engine": ["compiled"]})


def refusal(expected: bool, said: str) -> AbstractContextManager[object]:
    return pytest.raises(UserError, match=said) if expected else nullcontext()
