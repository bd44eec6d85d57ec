"""params.yaml as overrides, and what is said of a params.yaml that does not hold what it should."""

from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from perbatch.errors import UserError
from perbatch.sweep import grid, params

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
