"""params.yaml as overrides, and what is said of a params.yaml that does not hold what it should."""

import shlex
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import OverrideParseException
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from perbatch.errors import UserError
from perbatch.overrides import typed
from perbatch.overrides import written as as_override
from perbatch.sweep import grid, params
from perbatch.sweep.sentences import sentence

GOOD = """
prepare:
  data: digits
  split:
    seed: 3
train:
  repeat: [never, fixed]
  batch_size: [1, 32, full]
  learning_rate: [1e-3, 0.1]
  model:
    hidden: [[8], [16, 8]]
    bias: false
  stop_at:
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "params.yaml"
    path.write_text(text)
    return path


def test_lists_become_axes_and_nested_keys_dotted(tmp_path: Path) -> None:
    assert params.grid(written(tmp_path, GOOD)) == {
        "data": "digits",
        "data.split.seed": "3",
        "repeat": "never,fixed",
        "batch_size": "1,32,full",
        "learning_rate": "0.001,0.1",
        "model.hidden": "[8],[16,8]",
        "model.bias": "false",
        "stop_at": "null",
    }


def test_grids_stand_beside_the_axes(tmp_path: Path) -> None:
    text = "prepare: {data: digits}\ntrain: {seed: 0, grids: [{batch_size: [1, full]}, {repeat: fixed}]}"
    path = written(tmp_path, text)
    assert params.grid(path) == {"data": "digits", "seed": "0"}
    assert params.grids(path) == [{"batch_size": "1,full"}, {"repeat": "fixed"}]


def test_text_that_hydra_would_read_otherwise_is_quoted(tmp_path: Path) -> None:
    text = 'prepare: {data: digits}\ntrain: {engine: {name: ["it\'s a, b", plain_name]}}'
    axes = params.grid(written(tmp_path, text))
    expanded = grid.expand({"engine.name": axes["engine.name"]}, [], loader=None)
    assert expanded == [["engine.name='it\\'s a, b'"], ["engine.name=plain_name"]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("train: {seed: 1}", "`prepare:` is missing"),
        ("prepare: {data: digits}", "`train:` is missing"),
        ("prepare: 3\ntrain: {}", "`prepare:` is missing or is not a mapping"),
        ("prepare: {split: {seed: 1}}\ntrain: {}", "prepare.data=None"),
        ("prepare: {data: [digits, diabetes]}\ntrain: {}", "prepare.data="),
        ("prepare: {data: digits, name: x}\ntrain: {}", "prepare.name is not a key"),
        ("prepare: {data: t, reader: {path: x.csv}}\ntrain: {}", "prepare.reader.path is not a key: write"),
        ("prepare: {data: digits}\ntrain: {batch_size: []}", "train.batch_size is an empty list"),
        ("prepare: {data: digits}\ntrain: {model: {hidden: []}}", "train.model.hidden is an empty list"),
        ("prepare: {data: digits}\ntrain: {data: diabetes}", "train.data is not a key"),
        ("prepare: {data: digits}\ntrain: {hydra: {launcher: x}}", "train.hydra.launcher is not a key"),
        ("prepare: {data: digits}\ntrain: {grids: {seed: 1}}", "train.grids must be a list"),
        ("prepare: {data: digits}\ntrain: {grids: [{seed: []}]}", "train.grids[0].seed is an empty list"),
        ("prepare: [", "not readable as YAML"),
        ("", "`train:` is missing"),
    ],
)
def test_says_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        path = written(tmp_path, text)
        params.grid(path)
        params.grids(path)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_says_that_it_is_missing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"params\.yaml is missing"):
        params.grid(tmp_path / "params.yaml")


def test_the_path_of_ones_own_data_is_read_where_dvc_watches_it(tmp_path: Path) -> None:
    path = written(tmp_path, "prepare: {data: table, path: own.csv, reader: {target: t}}\ntrain: {}")
    assert params.own_path(path) == "own.csv"
    assert params.grid(path) == {"data": "table", "data.reader.target": "t"}
    with pytest.raises(UserError, match=r"prepare\.path=None: must be the path of a file or folder"):
        params.own_path(written(tmp_path, GOOD))


def test_a_list_of_prepare_is_a_value_and_text_stays_text(tmp_path: Path) -> None:
    path = written(
        tmp_path, 'prepare: {data: t, reader: {drop: [a, "b c", "3", "true", Ö], target: "7"}}\ntrain: {}'
    )
    overrides = params.data_overrides(path)
    assert overrides == {
        "data": "t",
        "data.reader.drop": "[a,'b c','3','true','Ö']",
        "data.reader.target": "'7'",
    }
    (parsed,) = OverridesParser.create().parse_overrides([f"x={overrides['data.reader.drop']}"])
    assert parsed.value() == ["a", "b c", "3", "true", "Ö"]


@given(st.text(st.sampled_from("ab\\'\"$ {},:=[]ö\t#0"), max_size=8))
@settings(max_examples=300, deadline=None)
def test_any_text_of_the_file_is_the_run_s_to_the_letter(text: str) -> None:
    for override in (
        f"x={as_override(text)}",
        *shlex.split(typed("x", text)),
        *shlex.split(typed("x", [text])),
    ):
        (parsed,) = OverridesParser.create().parse_overrides([override])
        (value,) = [parsed.value()] if not isinstance(parsed.value(), list) else parsed.value()
        assert OmegaConf.create({"x": str(value)}).x == text


def test_a_backslash_is_not_doubled(tmp_path: Path) -> None:
    path = written(
        tmp_path, r"prepare: {data: t, reader: {path_of: 'C:\own\new', target: '\d'}}" "\ntrain: {}"
    )
    overrides = [f"{key}={value}" for key, value in params.data_overrides(path).items()]
    values = {each.key_or_group: each.value() for each in OverridesParser.create().parse_overrides(overrides)}
    assert (values["data.reader.path_of"], values["data.reader.target"]) == (r"C:\own\new", r"\d")


@pytest.mark.parametrize(
    ("typo", "advised"),
    [
        ("data.reader.target=größe", "'data.reader.target=\"größe\"'"),
        ("data.reader.separator=;", "'data.reader.separator=\";\"'"),
        ("data.reader.drop=[größe,a]", "'data.reader.drop=[\"größe\",a]'"),
    ],
)
def test_a_value_that_needs_quotes_is_shown_in_them(typo: str, advised: str) -> None:
    with pytest.raises(OverrideParseException) as error:
        OverridesParser.create().parse_overrides([typo])
    assert sentence(error.value).endswith(f"it needs quotes: {advised}")
    (parsed,) = OverridesParser.create().parse_overrides(shlex.split(advised))
    assert parsed.value() in ("größe", ";", ["größe", "a"])


def test_what_quotes_do_not_mend_is_hydra_s_to_say() -> None:
    for typo in ("data.reader.drop=[a", "größe=3"):
        with pytest.raises(OverrideParseException) as error:
            OverridesParser.create().parse_overrides([typo])
        assert "quotes" not in sentence(error.value)
