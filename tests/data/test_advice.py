"""What a refusal says to type is taken."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from perbatch.data import Source
from perbatch.data.command import prepare_command
from perbatch.data.preparation import prepare
from perbatch.errors import UserError


def parsed_split(sentence: str) -> dict[str, int]:
    found = dict(re.findall(r"data\.split\.(\w+)=(\d+)", sentence.rpartition("these sizes work: ")[2]))
    return {part: int(size) for part, size in found.items()}


@pytest.mark.parametrize(
    "sizes",
    [(900, 15, 15), (30, 900, 900), (1, 1, 1), (58, 1, 1), (60, 60, 60), ("???", 5, "???"), (30, 15, "???")],
)
def test_the_advised_split_is_taken(
    tmp_path: Path, sizes: tuple[Any, ...], make_source: Callable[..., Source]
) -> None:
    source = make_source(np.repeat([0, 1, 2], [40, 16, 4]), ("a", "b", "c"))
    parts = dict(zip(("train", "validation", "test"), sizes, strict=True))
    settings = {"name": "own", "reader": {}, "split": {**parts, "seed": 3}, "scaling": "standard"}
    with pytest.raises(UserError, match="these sizes work") as error:
        prepare(source, settings, tmp_path / "own")
    advice = parsed_split(str(error.value))
    prepare(source, {**settings, "split": {**advice, "seed": 3}}, tmp_path / "own")


def test_where_no_split_works_the_class_is_named(tmp_path: Path, make_source: Callable[..., Source]) -> None:
    source = make_source(np.repeat([0, 1], [20, 2]), ("a", "rare"))
    settings = {"name": "own", "reader": {}, "scaling": "none"}
    settings["split"] = {"train": 10, "validation": 5, "test": 5, "seed": 0}
    with pytest.raises(UserError, match=r"at least 3 examples, one a part, and these have fewer: 'rare'$"):
        prepare(source, settings, tmp_path / "own")


def test_the_advised_command_has_all_that_the_option_leaves_open() -> None:
    settings = {
        "name": "customers",
        "reader": {
            "_target_": "perbatch.data.readers.table.read",
            "path": "my files/own.csv",
            "target": "größe",
            "task": None,
            "drop": ["a b"],
            "one_hot": False,
            "separator": ";",
            "decimal": ",",
            "licence": "not stated",
        },
        "split": {"train": 3, "validation": 2, "test": 1, "seed": 0},
        "scaling": "standard",
        "copies": 1,
        "sorted": False,
    }
    program, script, *words = shlex.split(prepare_command(settings))
    assert (program, script, words[0]) == ("python", "pipelines/prepare.py", "data=table")
    parsed = {each.key_or_group: each.value() for each in OverridesParser.create().parse_overrides(words[1:])}
    assert parsed == {
        "data.name": "customers",
        "data.reader.path": "my files/own.csv",
        "data.reader.target": "größe",
        "data.reader.drop": ["a b"],
        "data.reader.separator": ";",
        "data.reader.decimal": ",",
        "data.split.train": 3,
        "data.split.validation": 2,
        "data.split.test": 1,
    }
